// wait4(2) and waitid(2), SIGCHLD, ends by signals, stops; vfork(2) and what is built on it.
#include "check.h"
#include <spawn.h>
#include <sys/resource.h>
#include <sys/wait.h>

extern char **environ;

static pid_t child_that_exits(int status)
{
    pid_t child = fork();
    if (child == 0)
        _exit(status);
    return child;
}

static pid_t child_that_waits(void)
{
    pid_t child = fork();
    if (child == 0)
        for (;;)
            pause();
    return child;
}

TEST(no_children)
{
    siginfo_t info;
    EXPECT_ERRNO(wait(NULL), ECHILD);
    EXPECT_ERRNO(waitpid(getpid(), NULL, 0), ECHILD);
    EXPECT_ERRNO(waitid(P_ALL, 0, &info, WEXITED), ECHILD);
    EXPECT_ERRNO(waitpid(-1, NULL, 0x10000000), EINVAL);
    EXPECT_ERRNO(waitid(P_ALL, 0, &info, 0), EINVAL);
    EXPECT_ERRNO(waitid(9, 0, &info, WEXITED), EINVAL);
}

TEST(exit_statuses)
{
    int status;
    pid_t child = child_that_exits(0x1ff);
    EXPECT_EQ(waitpid(child, &status, 0), child);
    EXPECT(WIFEXITED(status) && WEXITSTATUS(status) == 0xff);
    EXPECT_ERRNO(waitpid(child, &status, 0), ECHILD);
}

TEST(ends_by_signals)
{
    static const int signals[] = {SIGKILL, SIGTERM, SIGSEGV, SIGABRT, SIGUSR1, SIGALRM};
    for (size_t i = 0; i < sizeof signals / sizeof *signals; i++) {
        int status = 0;
        pid_t child = child_that_waits();
        EXPECT_OK(kill(child, signals[i]));
        EXPECT_EQ(waitpid(child, &status, 0), child);
        EXPECT(WIFSIGNALED(status));
        EXPECT_EQ(WTERMSIG(status), signals[i]);
    }
}

TEST(a_fault_is_an_end_by_a_signal)
{
    int status;
    pid_t child = fork();
    if (child == 0) {
        *(volatile int *)8 = 1;
        _exit(0);
    }
    EXPECT_EQ(waitpid(child, &status, 0), child);
    EXPECT(WIFSIGNALED(status) && WTERMSIG(status) == SIGSEGV);
    child = fork();
    if (child == 0)
        abort();
    EXPECT_EQ(waitpid(child, &status, 0), child);
    EXPECT(WIFSIGNALED(status) && WTERMSIG(status) == SIGABRT);
}

TEST(no_hang)
{
    siginfo_t info = {.si_pid = 77};
    pid_t child = child_that_waits();
    EXPECT_EQ(waitpid(child, NULL, WNOHANG), 0);
    EXPECT_OK(waitid(P_PID, child, &info, WEXITED | WNOHANG));
    EXPECT_EQ(info.si_pid, 0);
    kill(child, SIGKILL);
    EXPECT_EQ(waitpid(child, NULL, 0), child);
}

TEST(waitid_tells_and_can_leave_the_child)
{
    siginfo_t info = {0};
    pid_t child = child_that_exits(3);
    EXPECT_OK(waitid(P_PID, child, &info, WEXITED | WNOWAIT));
    EXPECT_EQ(info.si_pid, child);
    EXPECT_EQ(info.si_code, CLD_EXITED);
    EXPECT_EQ(info.si_status, 3);
    EXPECT_EQ(info.si_signo, SIGCHLD);
    EXPECT_EQ(info.si_uid, getuid());
    EXPECT_OK(waitid(P_ALL, 0, NULL, WEXITED));
    EXPECT_ERRNO(waitid(P_ALL, 0, NULL, WEXITED), ECHILD);
}

TEST(stop_and_continue_are_seen)
{
    int status;
    pid_t child = child_that_waits();
    EXPECT_OK(kill(child, SIGSTOP));
    EXPECT_EQ(waitpid(child, &status, WUNTRACED), child);
    EXPECT(WIFSTOPPED(status) && WSTOPSIG(status) == SIGSTOP);
    EXPECT_OK(kill(child, SIGCONT));
    EXPECT_EQ(waitpid(child, &status, WCONTINUED), child);
    EXPECT(WIFCONTINUED(status));
    kill(child, SIGKILL);
    EXPECT_EQ(waitpid(child, &status, 0), child);
}

TEST(usage_of_a_child)
{
    struct rusage usage = {0};
    pid_t child = fork();
    if (child == 0) {
        for (volatile int i = 0; i < 30000000; i++)
            ;
        _exit(0);
    }
    EXPECT_EQ(wait4(child, NULL, 0, &usage), child);
    EXPECT(usage.ru_utime.tv_sec > 0 || usage.ru_utime.tv_usec > 0 || usage.ru_stime.tv_usec > 0);
}

static volatile sig_atomic_t told_pid, told_status, told_code, told;

static void tell(int number, siginfo_t *info, void *context)
{
    (void)number, (void)context;
    told_pid = info->si_pid, told_status = info->si_status, told_code = info->si_code;
    told++;
}

TEST(sigchld_tells_of_the_child)
{
    struct sigaction action = {.sa_sigaction = tell, .sa_flags = SA_SIGINFO | SA_RESTART}, old;
    sigset_t chld, before;
    sigemptyset(&chld);
    sigaddset(&chld, SIGCHLD);
    sigaction(SIGCHLD, &action, &old);
    sigprocmask(SIG_BLOCK, &chld, &before);
    told = 0;
    pid_t child = child_that_exits(12);
    while (!told)
        sigsuspend(&before);
    EXPECT_EQ(told_pid, child);
    EXPECT_EQ(told_status, 12);
    EXPECT_EQ(told_code, CLD_EXITED);
    EXPECT_EQ(waitpid(child, NULL, 0), child);
    sigprocmask(SIG_SETMASK, &before, NULL);
    sigaction(SIGCHLD, &old, NULL);
}

TEST(ignored_sigchld_leaves_no_status)
{
    signal(SIGCHLD, SIG_IGN);
    pid_t child = child_that_exits(1);
    EXPECT_ERRNO(waitpid(child, NULL, 0), ECHILD);
    signal(SIGCHLD, SIG_DFL);
    child = child_that_exits(2);
    EXPECT_EQ(waitpid(child, NULL, 0), child);
}

TEST(sa_nocldwait_leaves_no_status)
{
    struct sigaction action = {.sa_handler = SIG_DFL, .sa_flags = SA_NOCLDWAIT}, old;
    sigaction(SIGCHLD, &action, &old);
    pid_t child = child_that_exits(1);
    EXPECT_ERRNO(waitpid(child, NULL, 0), ECHILD);
    sigaction(SIGCHLD, &old, NULL);
}

static void nothing(int number) { (void)number; }

TEST(a_signal_interrupts_waiting)
{
    struct sigaction action = {.sa_handler = nothing};
    sigaction(SIGALRM, &action, NULL);
    pid_t child = child_that_waits();
    ualarm(20000, 0);
    EXPECT_ERRNO(waitpid(child, NULL, 0), EINTR);
    kill(child, SIGKILL);
    EXPECT_EQ(waitpid(child, NULL, 0), child);
    signal(SIGALRM, SIG_DFL);
}

TEST(groups_of_children)
{
    pid_t child = child_that_waits();
    EXPECT_OK(setpgid(child, child));
    EXPECT_EQ(getpgid(child), child);
    EXPECT_EQ(waitpid(0, NULL, WNOHANG) < 0 ? errno : 0, ECHILD);
    EXPECT_EQ(waitpid(-child, NULL, WNOHANG), 0);
    EXPECT_OK(killpg(child, SIGTERM));
    EXPECT_EQ(waitpid(-child, NULL, 0), child);
}

TEST(orphans_get_another_parent)
{
    int ends[2];
    pid_t parent = 0;
    REQUIRE(pipe(ends) == 0);
    pid_t child = fork();
    if (child == 0) {
        pid_t self = getpid();
        if (fork() == 0) {
            while (getppid() == self)
                usleep(1000);
            pid_t now = getppid();
            write(ends[1], &now, sizeof now);
        }
        _exit(0);
    }
    EXPECT_EQ(waitpid(child, NULL, 0), child);
    EXPECT_EQ(read(ends[0], &parent, sizeof parent), sizeof parent);
    EXPECT(parent != child);
}

static int written_by_child;

TEST(vfork_holds_the_parent_and_shows_what_the_child_wrote)
{
    int status, local = 1;
    written_by_child = 0;
    pid_t child = vfork();
    if (child == 0) {
        usleep(10000);
        written_by_child = 42;
        _exit(5);
    }
    EXPECT_EQ(written_by_child, 42);
    EXPECT_EQ(local, 1);
    EXPECT_EQ(waitpid(child, &status, 0), child);
    EXPECT_EQ(WEXITSTATUS(status), 5);
}

TEST(vfork_ends_with_exec)
{
    int status;
    pid_t child = vfork();
    if (child == 0) {
        execl("/bin/sh", "sh", "-c", "exit 6", NULL);
        _exit(127);
    }
    EXPECT_EQ(waitpid(child, &status, 0), child);
    EXPECT_EQ(WEXITSTATUS(status), 6);
}

TEST(a_killed_vfork_child_lets_the_parent_go)
{
    int status;
    pid_t child = vfork();
    if (child == 0) {
        kill(getpid(), SIGKILL);
        _exit(0);
    }
    EXPECT_EQ(waitpid(child, &status, 0), child);
    EXPECT(WIFSIGNALED(status) && WTERMSIG(status) == SIGKILL);
}

TEST(posix_spawn_runs_and_reports)
{
    int status;
    pid_t child;
    char *words[] = {"sh", "-c", "exit 9", NULL};
    EXPECT_EQ(posix_spawn(&child, "/bin/sh", NULL, NULL, words, environ), 0);
    EXPECT_EQ(waitpid(child, &status, 0), child);
    EXPECT_EQ(WEXITSTATUS(status), 9);
    EXPECT_EQ(posix_spawn(&child, "/no/such/program", NULL, NULL, words, environ), ENOENT);
    EXPECT_ERRNO(wait(NULL), ECHILD);
}

TEST(system_and_popen)
{
    char line[32] = "";
    EXPECT_EQ(WEXITSTATUS(system("exit 4")), 4);
    FILE *stream = popen("echo through a pipe", "r");
    REQUIRE(stream != NULL);
    EXPECT(fgets(line, sizeof line, stream) != NULL);
    EXPECT_STR(line, "through a pipe\n");
    EXPECT_EQ(pclose(stream), 0);
    stream = popen("read word; test \"$word\" = hello", "w");
    REQUIRE(stream != NULL);
    fputs("hello\n", stream);
    EXPECT_EQ(pclose(stream), 0);
}

TEST(a_thread_waits_while_another_forks)
{
    int status;
    pid_t first = child_that_exits(1), second = child_that_exits(2);
    EXPECT_EQ(waitpid(second, &status, 0), second);
    EXPECT_EQ(WEXITSTATUS(status), 2);
    EXPECT_EQ(waitpid(first, &status, 0), first);
    EXPECT_EQ(WEXITSTATUS(status), 1);
}

MAIN()
