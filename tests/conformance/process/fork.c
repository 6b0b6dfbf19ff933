// fork(2) and clone(2) for processes: what the child has, what it shares, and what clone reports.
#include "check.h"
#include <linux/sched.h>
#include <sys/epoll.h>
#include <sys/ipc.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/shm.h>
#include <sys/signalfd.h>
#include <sys/wait.h>

// What a child's exit status is, or -1 when it did not exit.
static int status_of(pid_t child)
{
    int status;
    if (waitpid(child, &status, 0) != child)
        return -1;
    return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}

#define IN_CHILD(CONDITION)                                  \
    ({                                                       \
        pid_t in_child_ = fork();                            \
        if (in_child_ == 0)                                  \
            _exit((CONDITION) ? 0 : 1);                      \
        in_child_ > 0 ? status_of(in_child_) : -2;           \
    })

static int global = 5;

TEST(child_and_parent_have_memory_of_their_own)
{
    char *heap = malloc(1 << 20);
    int local = 1;
    memset(heap, 3, 1 << 20);
    pid_t child = fork();
    if (child == 0) {
        int right = global == 5 && local == 1 && heap[77777] == 3;
        global = 6, local = 2, heap[77777] = 4;
        _exit(right && global == 6 && local == 2 && heap[77777] == 4 ? 9 : 1);
    }
    REQUIRE(child > 0);
    EXPECT_EQ(status_of(child), 9);
    EXPECT_EQ(global, 5);
    EXPECT_EQ(local, 1);
    EXPECT_EQ(heap[77777], 3);
    free(heap);
}

TEST(child_keeps_its_copy_when_the_parent_goes_on)
{
    int ends[2];
    char byte = 0;
    REQUIRE(pipe(ends) == 0);
    volatile int *page = mmap(NULL, 64 * PAGE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    for (int i = 0; i < 64; i++)
        page[i * PAGE / sizeof(int)] = i;
    pid_t child = fork();
    if (child == 0) {
        read(ends[0], &byte, 1);
        for (int i = 0; i < 64; i++)
            if (page[i * PAGE / sizeof(int)] != i)
                _exit(1);
        _exit(0);
    }
    for (int i = 0; i < 64; i++)
        page[i * PAGE / sizeof(int)] = -1;
    EXPECT_EQ(write(ends[1], "x", 1), 1);
    EXPECT_EQ(status_of(child), 0);
}

TEST(ids_of_child_and_parent)
{
    pid_t parent = getpid(), group = getpgrp(), session = getsid(0);
    EXPECT_EQ(IN_CHILD(getppid() == parent && getpid() != parent && getpid() == syscall(SYS_gettid)
                       && getpgrp() == group && getsid(0) == session), 0);
}

TEST(shared_memory_stays_shared)
{
    atomic_int *anonymous = mmap(NULL, PAGE, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    int file = memfd_create("shared", 0);
    REQUIRE(file >= 0 && ftruncate(file, PAGE) == 0);
    atomic_int *mapped = mmap(NULL, PAGE, PROT_READ | PROT_WRITE, MAP_SHARED, file, 0);
    close(file);
    int id = shmget(IPC_PRIVATE, PAGE, 0600);
    atomic_int *segment = shmat(id, NULL, 0);
    shmctl(id, IPC_RMID, NULL);
    REQUIRE(anonymous != MAP_FAILED && mapped != MAP_FAILED && segment != (void *)-1);
    *anonymous = 1;
    EXPECT_EQ(IN_CHILD((*anonymous)++ == 1 && (*mapped = 7) && (*segment = 8)), 0);
    EXPECT_EQ(*anonymous, 2);
    EXPECT_EQ(*mapped, 7);
    EXPECT_EQ(*segment, 8);
    EXPECT_OK(shmdt(segment));
}

TEST(advice_on_forks)
{
    char *page = mmap(NULL, 3 * PAGE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    memset(page, 7, 3 * PAGE);
    EXPECT_OK(madvise(page + PAGE, PAGE, MADV_DONTFORK));
    EXPECT_OK(madvise(page + 2 * PAGE, PAGE, MADV_WIPEONFORK));
    EXPECT_EQ(IN_CHILD(page[0] == 7 && page[2 * PAGE] == 0 && mincore(page + PAGE, PAGE, (void *)page) < 0 && errno == ENOMEM), 0);
    EXPECT_EQ(page[2 * PAGE], 7);
}

TEST(private_file_mapping)
{
    FILE *file = tmpfile();
    REQUIRE(file != NULL && fwrite("abcdef", 1, 6, file) == 6 && fflush(file) == 0);
    char *map = mmap(NULL, PAGE, PROT_READ | PROT_WRITE, MAP_PRIVATE, fileno(file), 0);
    REQUIRE(map != MAP_FAILED);
    map[1] = 'B';
    EXPECT_EQ(IN_CHILD(memcmp(map, "aBcdef", 6) == 0 && (map[2] = 'C')), 0);
    EXPECT_EQ(map[2], 'c');
    fclose(file);
}

TEST(offset_is_shared_and_flags_of_numbers_are_kept)
{
    char name[] = "/tmp/fork.XXXXXX";
    int file = mkstemp(name);
    REQUIRE(file >= 0);
    unlink(name);
    int kept = fcntl(file, F_DUPFD_CLOEXEC, 50);
    EXPECT_EQ(IN_CHILD(write(file, "12345", 5) == 5 && fcntl(kept, F_GETFD) == FD_CLOEXEC && fcntl(file, F_GETFD) == 0 && close(file) == 0), 0);
    EXPECT_EQ(lseek(file, 0, SEEK_CUR), 5);
    EXPECT_EQ(lseek(kept, 0, SEEK_CUR), 5);
    close(file);
    close(kept);
}

TEST(record_locks_stay_the_parents)
{
    char name[] = "/tmp/fork.XXXXXX";
    int file = mkstemp(name);
    REQUIRE(file >= 0 && ftruncate(file, PAGE) == 0);
    struct flock lock = {.l_type = F_WRLCK, .l_whence = SEEK_SET, .l_len = 10}, seen = lock;
    EXPECT_OK(fcntl(file, F_SETLK, &lock));
    char *map = mmap(NULL, PAGE, PROT_READ, MAP_SHARED, file, 0), *copy = mmap(NULL, PAGE, PROT_READ | PROT_WRITE, MAP_PRIVATE, file, 0);
    copy[0] = 1;
    pid_t parent = getpid();
    EXPECT_EQ(IN_CHILD(fcntl(file, F_GETLK, &seen) == 0 && seen.l_type == F_WRLCK && seen.l_pid == parent), 0);
    EXPECT_OK(munmap(map, PAGE));
    EXPECT_OK(munmap(copy, PAGE));
    seen = lock;
    EXPECT_EQ(IN_CHILD(fcntl(file, F_GETLK, &seen) == 0 && seen.l_type == F_WRLCK && seen.l_pid == parent), 0);
    close(file);
    unlink(name);
}

TEST(epoll_set_works_in_the_child)
{
    int set = epoll_create1(0), ends[2];
    struct epoll_event event = {.events = EPOLLIN, .data.u64 = 0x1122334455667788};
    REQUIRE(set >= 0 && pipe(ends) == 0);
    EXPECT_OK(epoll_ctl(set, EPOLL_CTL_ADD, ends[0], &event));
    EXPECT_EQ(write(ends[1], "x", 1), 1);
    EXPECT_EQ(IN_CHILD((event.data.u64 = 0, epoll_wait(set, &event, 1, 1000)) == 1 && event.data.u64 == 0x1122334455667788), 0);
}

static volatile sig_atomic_t caught;

static void catch(int number) { caught = number; }

TEST(signal_actions_and_mask_are_inherited_waiting_signals_are_not)
{
    sigset_t usr2, old, seen, waiting;
    sigemptyset(&usr2);
    sigaddset(&usr2, SIGUSR2);
    struct sigaction action = {.sa_handler = catch};
    sigaction(SIGUSR1, &action, NULL);
    signal(SIGHUP, SIG_IGN);
    sigprocmask(SIG_BLOCK, &usr2, &old);
    raise(SIGUSR2);
    EXPECT_EQ(IN_CHILD((caught = 0, raise(SIGUSR1), raise(SIGHUP), caught == SIGUSR1) && sigprocmask(SIG_BLOCK, NULL, &seen) == 0
                       && sigismember(&seen, SIGUSR2) && sigpending(&waiting) == 0 && !sigismember(&waiting, SIGUSR2)), 0);
    signal(SIGUSR2, SIG_IGN);
    sigprocmask(SIG_SETMASK, &old, NULL);
    signal(SIGHUP, SIG_DFL);
}

TEST(a_signal_right_after_the_fork_finds_the_handler)
{
    struct sigaction action = {.sa_handler = catch};
    sigset_t term, old;
    sigaction(SIGTERM, &action, NULL);
    sigemptyset(&term);
    sigaddset(&term, SIGTERM);
    sigprocmask(SIG_BLOCK, &term, &old);
    pid_t child = fork();
    if (child == 0) {
        caught = 0;
        while (caught == 0)
            sigsuspend(&old);
        _exit(caught);
    }
    EXPECT_OK(kill(child, SIGTERM));
    EXPECT_EQ(status_of(child), SIGTERM);
    sigprocmask(SIG_SETMASK, &old, NULL);
}

TEST(alternate_stack_name_and_limits_are_inherited)
{
    stack_t stack = {.ss_sp = malloc(SIGSTKSZ * 4), .ss_size = SIGSTKSZ * 4}, seen;
    struct rlimit limit, found;
    EXPECT_OK(sigaltstack(&stack, NULL));
    getrlimit(RLIMIT_MSGQUEUE, &limit);
    limit.rlim_cur = 100;
    EXPECT_OK(setrlimit(RLIMIT_MSGQUEUE, &limit));
    prctl(PR_SET_NAME, "forker");
    umask(027);
    char name[16] = "";
    EXPECT_EQ(IN_CHILD(sigaltstack(NULL, &seen) == 0 && seen.ss_sp == stack.ss_sp && prctl(PR_GET_NAME, name) == 0 && strcmp(name, "forker") == 0
                       && getrlimit(RLIMIT_MSGQUEUE, &found) == 0 && found.rlim_cur == 100 && umask(0) == 027), 0);
    EXPECT_EQ(umask(022), 027);
}

TEST(working_directory_is_the_childs_own)
{
    char before[PATH_MAX], after[PATH_MAX], inside[PATH_MAX];
    getcwd(before, sizeof before);
    EXPECT_EQ(IN_CHILD(getcwd(inside, sizeof inside) && strcmp(inside, before) == 0 && chdir("/") == 0 && getcwd(inside, sizeof inside) && strcmp(inside, "/") == 0), 0);
    getcwd(after, sizeof after);
    EXPECT_STR(after, before);
}

TEST(vector_registers_cross)
{
    double a = 1.25, b = 0;
    pid_t child;
    long number = SYS_fork;
    __asm__ volatile("movsd %2, %%xmm7\n\tmov %3, %%rax\n\tsyscall\n\tmovsd %%xmm7, %1"
                     : "=&a"(child), "=m"(b) : "m"(a), "r"(number) : "rcx", "r11", "xmm7", "memory");
    if (child == 0)
        _exit(b == 1.25 ? 0 : 1);
    EXPECT_EQ(status_of(child), 0);
    EXPECT(b == 1.25);
}

static void *spin(void *stop)
{
    while (!*(atomic_int *)stop)
        free(malloc(100));
    return NULL;
}

TEST(only_the_calling_thread_goes_on_in_the_child)
{
    pthread_t threads[4];
    atomic_int stop = 0;
    for (int i = 0; i < 4; i++)
        REQUIRE(pthread_create(&threads[i], NULL, spin, &stop) == 0);
    for (int i = 0; i < 3; i++) {
        pid_t child = fork();
        if (child == 0) {
            int tasks = 0;
            DIR *directory = opendir("/proc/self/task");
            for (struct dirent *entry; directory && (entry = readdir(directory));)
                tasks += entry->d_name[0] != '.';
            free(malloc(1000));
            _exit(tasks == 1 ? 0 : 1);
        }
        EXPECT_EQ(status_of(child), 0);
    }
    stop = 1;
    for (int i = 0; i < 4; i++)
        pthread_join(threads[i], NULL);
}

TEST(child_can_start_threads_and_fork_again)
{
    pid_t child = fork();
    if (child == 0) {
        pthread_t thread;
        atomic_int stop = 1;
        if (pthread_create(&thread, NULL, spin, &stop) != 0 || pthread_join(thread, NULL) != 0)
            _exit(1);
        pid_t grandchild = fork();
        if (grandchild == 0)
            _exit(global == 5 ? 33 : 2);
        _exit(status_of(grandchild) == 33 ? 0 : 3);
    }
    EXPECT_EQ(status_of(child), 0);
}

TEST(clone_writes_the_ids)
{
    pid_t *ids = mmap(NULL, PAGE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    long child = syscall(SYS_clone, CLONE_PARENT_SETTID | CLONE_CHILD_SETTID | SIGCHLD, NULL, &ids[0], &ids[1], NULL);
    if (child == 0)
        _exit(ids[1] == getpid() ? 0 : 1);
    REQUIRE(child > 0);
    EXPECT_EQ(ids[0], child);
    EXPECT_EQ(ids[1], 0);
    EXPECT_EQ(status_of(child), 0);
}

TEST(clone3_for_a_process)
{
    struct clone_args arguments = {.exit_signal = SIGCHLD, .flags = CLONE_CLEAR_SIGHAND};
    struct sigaction action = {.sa_handler = catch}, seen;
    sigaction(SIGUSR1, &action, NULL);
    signal(SIGHUP, SIG_IGN);
    long child = syscall(SYS_clone3, &arguments, sizeof arguments);
    if (child == 0)
        _exit(sigaction(SIGUSR1, NULL, &seen) == 0 && seen.sa_handler == SIG_DFL
              && sigaction(SIGHUP, NULL, &seen) == 0 && seen.sa_handler == SIG_IGN ? 0 : 1);
    REQUIRE(child > 0);
    EXPECT_EQ(status_of(child), 0);
    signal(SIGHUP, SIG_DFL);
}

TEST(clone_refuses_what_makes_no_sense)
{
    EXPECT_ERRNO(syscall(SYS_clone, CLONE_SIGHAND | SIGCHLD, NULL, NULL, NULL, NULL), EINVAL);
    EXPECT_ERRNO(syscall(SYS_clone, CLONE_THREAD | SIGCHLD, NULL, NULL, NULL, NULL), EINVAL);
    EXPECT_ERRNO(syscall(SYS_clone, CLONE_FS | CLONE_NEWNS | SIGCHLD, NULL, NULL, NULL, NULL), EINVAL);
    EXPECT_ERRNO(syscall(SYS_clone, CLONE_PIDFD | CLONE_PARENT_SETTID | SIGCHLD, NULL, NULL, NULL, NULL), EINVAL);
}

static volatile int order[3], orders;

static void before(void) { order[orders++] = 1; }
static void after_in_parent(void) { order[orders++] = 2; }
static void after_in_child(void) { order[orders++] = 3; }

TEST(atfork_handlers_run)
{
    pthread_atfork(before, after_in_parent, after_in_child);
    orders = 0;
    EXPECT_EQ(IN_CHILD(orders == 2 && order[0] == 1 && order[1] == 3), 0);
    EXPECT_EQ(orders, 2);
    EXPECT_EQ(order[1], 2);
}

TEST(many_children_at_once)
{
    pid_t children[12];
    for (int i = 0; i < 12; i++)
        if ((children[i] = fork()) == 0)
            _exit(i);
    for (int i = 11; i >= 0; i--)
        EXPECT_EQ(status_of(children[i]), i);
}

MAIN()
