// What a new program inherits of the process: descriptors, signals, timers, limits, settings.
#include "exec.h"
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/file.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/signalfd.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <sys/timerfd.h>

EXEC_TEST(descriptors_stay_open_but_those_closed_on_exec)
BEFORE(descriptors_stay_open_but_those_closed_on_exec)
{
    int file = memfd_create("file", 0);
    REQUIRE(write(file, "0123456789", 10) == 10);
    lseek(file, 3, SEEK_SET);
    REQUIRE(dup2(file, 40) == 40);
    REQUIRE(dup2(file, 41) == 41);
    REQUIRE(dup3(file, 42, O_CLOEXEC) == 42);
    close(file);
    fcntl(40, F_SETFL, O_APPEND);
    replace();
}
AFTER(descriptors_stay_open_but_those_closed_on_exec)
{
    char text[3] = "";
    EXPECT_ERRNO(fcntl(42, F_GETFD), EBADF);
    EXPECT_EQ(fcntl(40, F_GETFD), 0);
    EXPECT_EQ(read(40, text, 2), 2);
    EXPECT_STR(text, "34");
    EXPECT_EQ(lseek(41, 0, SEEK_CUR), 5);
    EXPECT_EQ(fcntl(41, F_GETFL) & O_APPEND, O_APPEND);
    close(40);
    EXPECT_EQ(read(41, text, 2), 2);
    close(41);
}

EXEC_TEST(descriptor_above_a_lowered_limit_stays)
BEFORE(descriptor_above_a_lowered_limit_stays)
{
    struct rlimit limit;
    REQUIRE(dup2(1, 90) == 90);
    getrlimit(RLIMIT_NOFILE, &limit);
    set_number("SOFT", (long)limit.rlim_cur);
    limit.rlim_cur = 50;
    setrlimit(RLIMIT_NOFILE, &limit);
    replace();
}
AFTER(descriptor_above_a_lowered_limit_stays)
{
    struct rlimit limit;
    getrlimit(RLIMIT_NOFILE, &limit);
    EXPECT_EQ(limit.rlim_cur, 50);
    EXPECT_EQ(fcntl(90, F_GETFD), 0);
    EXPECT_ERRNO(dup2(1, 60), EBADF);
    limit.rlim_cur = (rlim_t)get_number("SOFT");
    EXPECT_OK(setrlimit(RLIMIT_NOFILE, &limit));
    EXPECT_OK(close(90));
}

EXEC_TEST(closed_standard_input_stays_closed)
BEFORE(closed_standard_input_stays_closed)
{
    set_number("KEPT", dup(0));
    close(0);
    replace();
}
AFTER(closed_standard_input_stays_closed)
{
    char byte;
    EXPECT_ERRNO(read(0, &byte, 1), EBADF);
    EXPECT_EQ(open("/dev/null", O_RDONLY), 0);
    int kept = (int)get_number("KEPT");
    EXPECT_EQ(dup2(kept, 0), 0);
    close(kept);
}

EXEC_TEST(standard_error_closed_on_exec_lets_its_reader_go)
BEFORE(standard_error_closed_on_exec_lets_its_reader_go)
{
    int ends[2];
    REQUIRE(pipe(ends) == 0);
    set_number("KEPT", dup(2));
    set_number("READER", ends[0]);
    dup3(ends[1], 2, O_CLOEXEC);
    close(ends[1]);
    replace();
}
AFTER(standard_error_closed_on_exec_lets_its_reader_go)
{
    char byte;
    int reader = (int)get_number("READER"), kept = (int)get_number("KEPT");
    fcntl(reader, F_SETFL, O_NONBLOCK);
    EXPECT_EQ(read(reader, &byte, 1), 0);
    EXPECT_ERRNO(write(2, "x", 1), EBADF);
    dup2(kept, 2);
    close(kept);
    close(reader);
}

EXEC_TEST(ignored_signals_stay_ignored_handlers_go)
BEFORE(ignored_signals_stay_ignored_handlers_go)
{
    struct sigaction handled = { .sa_handler = (void (*)(int))(void *)abort, .sa_flags = SA_RESTART | SA_NODEFER };
    sigaction(SIGUSR2, &handled, NULL);
    sigaction(SIGWINCH, &handled, NULL);
    signal(SIGUSR1, SIG_IGN);
    signal(SIGPIPE, SIG_IGN);
    signal(SIGCHLD, SIG_IGN);
    signal(SIGTTOU, SIG_IGN);
    signal(SIGTSTP, (void (*)(int))(void *)abort);
    replace();
}
AFTER(ignored_signals_stay_ignored_handlers_go)
{
    static const int ignored[] = { SIGUSR1, SIGPIPE, SIGCHLD, SIGTTOU }, standard[] = { SIGUSR2, SIGWINCH, SIGTSTP, SIGTTIN, SIGINT, SIGTERM };
    struct sigaction action;
    for (int i = 0; i < 4; i++) {
        sigaction(ignored[i], NULL, &action);
        EXPECT(action.sa_handler == SIG_IGN);
        signal(ignored[i], SIG_DFL);
    }
    for (int i = 0; i < 6; i++) {
        sigaction(standard[i], NULL, &action);
        EXPECT(action.sa_handler == SIG_DFL);
        EXPECT_EQ(action.sa_flags, 0);
    }
}

EXEC_TEST(mask_and_waiting_signals_stay)
BEFORE(mask_and_waiting_signals_stay)
{
    sigset_t set;
    sigemptyset(&set);
    sigaddset(&set, SIGUSR1);
    sigaddset(&set, SIGRTMIN);
    sigaddset(&set, SIGTTIN);
    sigprocmask(SIG_SETMASK, &set, NULL);
    sigqueue(getpid(), SIGRTMIN, (union sigval){ .sival_int = 11 });
    sigqueue(getpid(), SIGRTMIN, (union sigval){ .sival_int = 12 });
    pthread_kill(pthread_self(), SIGUSR1);
    replace();
}
AFTER(mask_and_waiting_signals_stay)
{
    sigset_t set, waiting;
    siginfo_t info;
    sigprocmask(SIG_SETMASK, NULL, &set);
    EXPECT(sigismember(&set, SIGUSR1) && sigismember(&set, SIGRTMIN) && sigismember(&set, SIGTTIN) && !sigismember(&set, SIGUSR2));
    sigpending(&waiting);
    EXPECT(sigismember(&waiting, SIGUSR1) && sigismember(&waiting, SIGRTMIN));
    EXPECT_EQ(sigwaitinfo(&set, &info), SIGUSR1);
    EXPECT_EQ(info.si_code, SI_USER);
    EXPECT_EQ(sigwaitinfo(&set, &info), SIGRTMIN);
    EXPECT_EQ(info.si_value.sival_int, 11);
    EXPECT_EQ(sigwaitinfo(&set, &info), SIGRTMIN);
    EXPECT_EQ(info.si_value.sival_int, 12);
    EXPECT(info.si_pid == getpid());
    sigemptyset(&set);
    sigprocmask(SIG_SETMASK, &set, NULL);
}

EXEC_TEST(alternate_stack_goes)
BEFORE(alternate_stack_goes)
{
    stack_t stack = { .ss_sp = malloc(65536), .ss_size = 65536 };
    sigaltstack(&stack, NULL);
    replace();
}
AFTER(alternate_stack_goes)
{
    stack_t stack;
    EXPECT_OK(sigaltstack(NULL, &stack));
    EXPECT_EQ(stack.ss_flags, SS_DISABLE);
}

EXEC_TEST(alarm_goes_on_timers_go)
BEFORE(alarm_goes_on_timers_go)
{
    timer_t timer;
    struct sigevent event = { .sigev_notify = SIGEV_SIGNAL, .sigev_signo = SIGUSR1 };
    struct itimerspec soon = { .it_value.tv_sec = 1000 };
    REQUIRE(timer_create(CLOCK_MONOTONIC, &event, &timer) == 0);
    timer_settime(timer, 0, &soon, NULL);
    sigset_t set;
    sigemptyset(&set);
    sigaddset(&set, SIGALRM);
    sigprocmask(SIG_BLOCK, &set, NULL);
    struct itimerval interval = { .it_value.tv_usec = 30000 };
    setitimer(ITIMER_REAL, &interval, NULL);
    replace();
}
AFTER(alarm_goes_on_timers_go)
{
    sigset_t set;
    struct itimerspec left;
    struct timespec most = { .tv_sec = 5 };
    siginfo_t info;
    sigemptyset(&set);
    sigaddset(&set, SIGALRM);
    EXPECT_EQ(sigtimedwait(&set, &info, &most), SIGALRM);
    sigprocmask(SIG_UNBLOCK, &set, NULL);
    EXPECT_ERRNO(syscall(SYS_timer_gettime, 0, &left), EINVAL);
}

EXEC_TEST(working_directory_and_umask_stay)
BEFORE(working_directory_and_umask_stay)
{
    set_number("HOME_FD", open(".", O_RDONLY | O_DIRECTORY));
    REQUIRE(chdir("/usr/lib") == 0);
    umask(031);
    replace();
}
AFTER(working_directory_and_umask_stay)
{
    char folder[4096] = "";
    EXPECT(getcwd(folder, sizeof folder) != NULL);
    EXPECT_STR(folder, "/usr/lib");
    EXPECT_EQ(umask(022), 031);
    int home = (int)get_number("HOME_FD");
    EXPECT_OK(fchdir(home));
    close(home);
}

EXEC_TEST(working_directory_of_a_descriptor_outlives_it)
BEFORE(working_directory_of_a_descriptor_outlives_it)
{
    int home = open(".", O_RDONLY | O_DIRECTORY), usr = open("/usr", O_RDONLY | O_DIRECTORY);
    set_number("HOME_FD", home);
    set_number("USR", usr);
    REQUIRE(fchdir(usr) == 0);
    replace();
}
AFTER(working_directory_of_a_descriptor_outlives_it)
{
    char folder[4096] = "";
    EXPECT_OK(close((int)get_number("USR")));
    EXPECT_EQ(access("bin", F_OK), 0);
    EXPECT(getcwd(folder, sizeof folder) != NULL);
    EXPECT_STR(folder, "/usr");
    int home = (int)get_number("HOME_FD");
    EXPECT_OK(fchdir(home));
    close(home);
}

EXEC_TEST(limits_stay)
BEFORE(limits_stay)
{
    struct rlimit limit;
    getrlimit(RLIMIT_CORE, &limit);
    limit.rlim_cur = 0;
    setrlimit(RLIMIT_CORE, &limit);
    getrlimit(RLIMIT_SIGPENDING, &limit);
    limit.rlim_cur = 77;
    setrlimit(RLIMIT_SIGPENDING, &limit);
    replace();
}
AFTER(limits_stay)
{
    struct rlimit limit;
    getrlimit(RLIMIT_CORE, &limit);
    EXPECT_EQ(limit.rlim_cur, 0);
    getrlimit(RLIMIT_SIGPENDING, &limit);
    EXPECT_EQ(limit.rlim_cur, 77);
}

EXEC_TEST(settings_stay_or_are_reset)
BEFORE(settings_stay_or_are_reset)
{
    prctl(PR_SET_DUMPABLE, 0);
    prctl(PR_SET_PDEATHSIG, SIGUSR2);
    prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0);
    prctl(PR_SET_CHILD_SUBREAPER, 1);
    prctl(PR_SET_TIMERSLACK, 70000);
    prctl(PR_SET_KEEPCAPS, 1);
    replace();
}
AFTER(settings_stay_or_are_reset)
{
    int value = 0;
    EXPECT_EQ(prctl(PR_GET_DUMPABLE), 1);
    prctl(PR_GET_PDEATHSIG, &value);
    EXPECT_EQ(value, SIGUSR2);
    prctl(PR_SET_PDEATHSIG, 0);
    EXPECT_EQ(prctl(PR_GET_NO_NEW_PRIVS, 0, 0, 0, 0), 1);
    prctl(PR_GET_CHILD_SUBREAPER, &value);
    EXPECT_EQ(value, 1);
    EXPECT_EQ(prctl(PR_GET_KEEPCAPS), 0);
}

EXEC_TEST(affinity_stays)
BEFORE(affinity_stays)
{
    cpu_set_t set;
    sched_getaffinity(0, sizeof set, &set);
    int first = 0;
    while (!CPU_ISSET(first, &set))
        first++;
    CPU_ZERO(&set);
    CPU_SET(first, &set);
    set_number("FIRST", first);
    REQUIRE(sched_setaffinity(0, sizeof set, &set) == 0);
    replace();
}
AFTER(affinity_stays)
{
    cpu_set_t set;
    sched_getaffinity(0, sizeof set, &set);
    EXPECT_EQ(CPU_COUNT(&set), 1);
    EXPECT(CPU_ISSET((int)get_number("FIRST"), &set));
    for (int i = 0; i < 1024; i++)
        CPU_SET(i, &set);
    EXPECT_OK(sched_setaffinity(0, sizeof set, &set));
}

EXEC_TEST(epoll_set_stays_with_its_entries)
BEFORE(epoll_set_stays_with_its_entries)
{
    int ends[2], set = epoll_create1(0);
    REQUIRE(pipe(ends) == 0 && set >= 0);
    int same = dup(ends[0]);
    struct epoll_event event = { .events = EPOLLIN, .data.u64 = 71 };
    REQUIRE(epoll_ctl(set, EPOLL_CTL_ADD, ends[0], &event) == 0);
    event.data.u64 = 72;
    REQUIRE(epoll_ctl(set, EPOLL_CTL_ADD, same, &event) == 0);
    set_number("SET", set);
    set_number("READER", ends[0]);
    set_number("SAME", same);
    set_number("WRITER", ends[1]);
    replace();
}
AFTER(epoll_set_stays_with_its_entries)
{
    int set = (int)get_number("SET"), reader = (int)get_number("READER"), same = (int)get_number("SAME"), writer = (int)get_number("WRITER");
    struct epoll_event events[4], event = { .events = EPOLLIN };
    EXPECT_EQ(write(writer, "x", 1), 1);
    REQUIRE(epoll_wait(set, events, 4, 1000) == 2);
    EXPECT_EQ(events[0].data.u64 + events[1].data.u64, 143);
    EXPECT_ERRNO(epoll_ctl(set, EPOLL_CTL_ADD, reader, &event), EEXIST);
    EXPECT_ERRNO(epoll_ctl(set, EPOLL_CTL_ADD, same, &event), EEXIST);
    EXPECT_OK(epoll_ctl(set, EPOLL_CTL_DEL, reader, NULL));
    EXPECT_EQ(epoll_wait(set, events, 4, 0), 1);
    EXPECT_EQ(events[0].data.u64, 72);
    close(set);
    close(reader);
    close(same);
    close(writer);
}

EXEC_TEST(event_signal_and_timer_descriptors_stay)
BEFORE(event_signal_and_timer_descriptors_stay)
{
    sigset_t mask;
    sigemptyset(&mask);
    sigaddset(&mask, SIGUSR1);
    sigprocmask(SIG_BLOCK, &mask, NULL);
    struct itimerspec soon = { .it_value.tv_nsec = 20000000 };
    int events = eventfd(5, 0), signals = signalfd(-1, &mask, SFD_NONBLOCK), timer = timerfd_create(CLOCK_MONOTONIC, 0);
    timerfd_settime(timer, 0, &soon, NULL);
    raise(SIGUSR1);
    set_number("EVENTS", events);
    set_number("SIGNALS", signals);
    set_number("TIMER", timer);
    replace();
}
AFTER(event_signal_and_timer_descriptors_stay)
{
    int events = (int)get_number("EVENTS"), signals = (int)get_number("SIGNALS"), timer = (int)get_number("TIMER");
    uint64_t value = 0;
    struct signalfd_siginfo info;
    EXPECT_EQ(read(events, &value, 8), 8);
    EXPECT_EQ(value, 5);
    EXPECT_EQ(read(signals, &info, sizeof info), sizeof info);
    EXPECT_EQ(info.ssi_signo, SIGUSR1);
    EXPECT_ERRNO(read(signals, &info, sizeof info), EAGAIN);
    EXPECT_EQ(read(timer, &value, 8), 8);
    EXPECT_EQ(value, 1);
    close(events);
    close(signals);
    close(timer);
    sigset_t mask;
    sigemptyset(&mask);
    sigprocmask(SIG_SETMASK, &mask, NULL);
}

EXEC_TEST(sockets_stay_with_what_they_hold)
BEFORE(sockets_stay_with_what_they_hold)
{
    int ends[2];
    REQUIRE(socketpair(AF_UNIX, SOCK_SEQPACKET, 0, ends) == 0);
    REQUIRE(write(ends[0], "hello", 5) == 5);
    set_number("FIRST", ends[0]);
    set_number("SECOND", ends[1]);
    replace();
}
AFTER(sockets_stay_with_what_they_hold)
{
    char text[8] = "";
    int first = (int)get_number("FIRST"), second = (int)get_number("SECOND");
    EXPECT_EQ(read(second, text, 8), 5);
    EXPECT_STR(text, "hello");
    close(first);
    EXPECT_EQ(read(second, text, 8), 0);
    close(second);
}

EXEC_TEST(files_of_proc_stay)
BEFORE(files_of_proc_stay)
{
    char text[8];
    int file = open("/proc/self/status", O_RDONLY);
    REQUIRE(read(file, text, 3) == 3);
    int directory = open("/proc/self/fd", O_RDONLY | O_DIRECTORY);
    set_number("FILE_FD", file);
    set_number("DIRECTORY", directory);
    replace();
}
AFTER(files_of_proc_stay)
{
    char text[8] = "", link[64];
    int file = (int)get_number("FILE_FD"), directory = (int)get_number("DIRECTORY");
    EXPECT_EQ(lseek(file, 0, SEEK_CUR), 3);
    EXPECT_EQ(read(file, text, 2), 2);
    EXPECT_STR(text, "e:");
    EXPECT_EQ(lseek(file, 0, SEEK_SET), 0);
    EXPECT_EQ(read(file, text, 5), 5);
    EXPECT_STR(text, "Name:");
    snprintf(text, sizeof text, "%d", directory);
    EXPECT(readlinkat(directory, text, link, sizeof link) > 0);
    close(file);
    close(directory);
}

EXEC_TEST(robust_mutex_tells_that_its_owner_is_gone)
BEFORE(robust_mutex_tells_that_its_owner_is_gone)
{
    int memory = memfd_create("shared", 0);
    REQUIRE(ftruncate(memory, 4096) == 0);
    pthread_mutex_t *mutex = mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_SHARED, memory, 0);
    pthread_mutexattr_t attributes;
    pthread_mutexattr_init(&attributes);
    pthread_mutexattr_setpshared(&attributes, PTHREAD_PROCESS_SHARED);
    pthread_mutexattr_setrobust(&attributes, PTHREAD_MUTEX_ROBUST);
    pthread_mutex_init(mutex, &attributes);
    REQUIRE(pthread_mutex_lock(mutex) == 0);
    set_number("MEMORY", memory);
    replace();
}
AFTER(robust_mutex_tells_that_its_owner_is_gone)
{
    int memory = (int)get_number("MEMORY");
    pthread_mutex_t *mutex = mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_SHARED, memory, 0);
    REQUIRE(mutex != MAP_FAILED);
    EXPECT_EQ(pthread_mutex_trylock(mutex), EOWNERDEAD);
    munmap(mutex, 4096);
    close(memory);
}

EXEC_TEST(file_locks_stay)
BEFORE(file_locks_stay)
{
    char path[] = "/tmp/check-XXXXXX";
    int file = mkstemp(path);
    REQUIRE(flock(file, LOCK_EX) == 0);
    set_number("FILE_FD", file);
    setenv("LOCKED", path, 1);
    replace();
}
AFTER(file_locks_stay)
{
    int file = (int)get_number("FILE_FD"), other = open(getenv("LOCKED"), O_RDWR);
    EXPECT_ERRNO(flock(other, LOCK_EX | LOCK_NB), EWOULDBLOCK);
    close(file);
    EXPECT_OK(flock(other, LOCK_EX | LOCK_NB));
    close(other);
    unlink(getenv("LOCKED"));
}
