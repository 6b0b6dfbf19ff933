// clone and clone3 below glibc: flags, ids, thread-local storage, the cleared tid.
#include "raw.h"
#include <asm/prctl.h>
#include <sys/rseq.h>
#include <sys/wait.h>

struct shared {
    atomic_long tid, pid, fs, ran;
    volatile long tls_word;
};

static int note_ids(void *argument)
{
    struct shared *s = argument;
    atomic_store(&s->tid, raw(SYS_gettid, 0, 0, 0, 0));
    atomic_store(&s->pid, raw(SYS_getpid, 0, 0, 0, 0));
    atomic_fetch_add(&s->ran, 1);
    return 0;
}

TEST(clone_runs_a_thread_of_this_process)
{
    struct shared s = { 0 };
    struct raw_thread t = { .body = note_ids, .argument = &s, .ctid = 1 };
    long tid = raw_start(&t, THREAD_FLAGS | CLONE_CHILD_CLEARTID, NULL, NULL);
    REQUIRE(tid > 0);
    EXPECT(raw_join(&t));
    EXPECT_EQ(s.tid, tid);
    EXPECT_EQ(s.pid, getpid());
    EXPECT(s.tid != s.pid);
}

TEST(parent_settid_is_written_before_return)
{
    struct shared s = { 0 };
    struct raw_thread t = { .body = note_ids, .argument = &s, .ctid = 1 };
    int parent = 0;
    long tid = raw_start(&t, THREAD_FLAGS | CLONE_CHILD_CLEARTID | CLONE_PARENT_SETTID, &parent, NULL);
    REQUIRE(tid > 0);
    EXPECT_EQ(parent, tid);
    EXPECT(raw_join(&t));
}

struct child_view {
    atomic_int *ctid;
    atomic_long seen;
};

static int note_ctid(void *argument)
{
    struct child_view *v = argument;
    atomic_store(&v->seen, atomic_load(v->ctid));
    return 0;
}

TEST(child_settid_is_written_before_the_child_runs)
{
    struct child_view v = { 0 };
    struct raw_thread t = { .body = note_ctid, .argument = &v, .ctid = 1 };
    v.ctid = &t.ctid;
    long tid = raw_start(&t, THREAD_FLAGS | CLONE_CHILD_CLEARTID | CLONE_CHILD_SETTID, NULL, NULL);
    REQUIRE(tid > 0);
    EXPECT(raw_join(&t));
    EXPECT_EQ(v.seen, tid);
}

static int note_fs(void *argument)
{
    struct shared *s = argument;
    unsigned long word;
    __asm__ volatile("mov %%fs:0, %0" : "=r"(word));
    atomic_store(&s->fs, (long)word);
    return 0;
}

TEST(settls_sets_the_fs_base)
{
    struct shared s = { .tls_word = 0x1234567 };
    struct raw_thread t = { .body = note_fs, .argument = &s, .ctid = 1 };
    long tid = raw_start(&t, THREAD_FLAGS | CLONE_CHILD_CLEARTID | CLONE_SETTLS, NULL, (void *)&s.tls_word);
    REQUIRE(tid > 0);
    EXPECT(raw_join(&t));
    EXPECT_EQ(s.fs, 0x1234567);
}

TEST(clone3_runs_a_thread)
{
    struct shared s = { 0 };
    struct raw_thread t = { .body = note_ids, .argument = &s, .ctid = 1 };
    int parent = 0;
    struct clone_args a = { .flags = THREAD_FLAGS | CLONE_CHILD_CLEARTID | CLONE_PARENT_SETTID,
                            .child_tid = (uint64_t)&t.ctid, .parent_tid = (uint64_t)&parent };
    long tid = raw_start3(&t, &a, sizeof a);
    REQUIRE(tid > 0);
    EXPECT_EQ(parent, tid);
    EXPECT(raw_join(&t));
    EXPECT_EQ(s.tid, tid);
}

TEST(clone3_takes_the_oldest_size)
{
    struct shared s = { 0 };
    struct raw_thread t = { .body = note_ids, .argument = &s, .ctid = 1 };
    struct clone_args a = { .flags = THREAD_FLAGS | CLONE_CHILD_CLEARTID, .child_tid = (uint64_t)&t.ctid };
    REQUIRE(raw_start3(&t, &a, 64) > 0);
    EXPECT(raw_join(&t));
    EXPECT_EQ(s.ran, 1);
}

TEST(clone3_refuses_bad_arguments)
{
    struct clone_args a = { .flags = THREAD_FLAGS };
    char big[PAGE * 2] = { 0 };
    EXPECT_ERRNO(syscall(SYS_clone3, &a, 63), EINVAL);
    EXPECT_ERRNO(syscall(SYS_clone3, big, sizeof big), E2BIG);
    EXPECT_ERRNO(syscall(SYS_clone3, BAD, sizeof a), EFAULT);
    a.flags = 1UL << 60;
    EXPECT_ERRNO(syscall(SYS_clone3, &a, sizeof a), EINVAL);
    a.flags = THREAD_FLAGS;
    a.exit_signal = SIGCHLD;
    EXPECT_ERRNO(syscall(SYS_clone3, &a, sizeof a), EINVAL);
    a.exit_signal = 0;
    a.stack = PAGE; // a stack without a size
    EXPECT_ERRNO(syscall(SYS_clone3, &a, sizeof a), EINVAL);
    a.stack = 0;
    a.stack_size = PAGE;
    EXPECT_ERRNO(syscall(SYS_clone3, &a, sizeof a), EINVAL);
    memset(big, 0, sizeof big);
    memcpy(big, &(struct clone_args){ .flags = THREAD_FLAGS }, sizeof a);
    big[sizeof a + 5] = 1; // a field no kernel knows
    EXPECT_ERRNO(syscall(SYS_clone3, big, sizeof a + 8), E2BIG);
}

TEST(clone_refuses_impossible_flags)
{
    char stack[1024] __attribute__((aligned(16)));
    EXPECT_ERRNO(syscall(SYS_clone, CLONE_THREAD | CLONE_VM, stack + 1024, NULL, NULL, NULL), EINVAL);
    EXPECT_ERRNO(syscall(SYS_clone, CLONE_SIGHAND, stack + 1024, NULL, NULL, NULL), EINVAL);
    EXPECT_ERRNO(syscall(SYS_clone, CLONE_FS | 0x20000 /* CLONE_NEWNS */, stack + 1024, NULL, NULL, NULL), EINVAL);
}

static int exit_at_once(void *unused)
{
    (void)unused;
    return 0;
}

TEST(many_short_threads_in_a_row)
{
    for (int i = 0; i < 100; i++) {
        struct raw_thread t = { .body = exit_at_once, .ctid = 1 };
        REQUIRE(raw_start(&t, THREAD_FLAGS | CLONE_CHILD_CLEARTID, NULL, NULL) > 0);
        REQUIRE(raw_join(&t));
    }
}

TEST(set_tid_address_returns_the_tid)
{
    int dummy;
    long tid = syscall(SYS_set_tid_address, &dummy);
    EXPECT_EQ(tid, syscall(SYS_gettid));
    EXPECT_EQ(tid, getpid());
    // Give it back: glibc placed its own in the thread descriptor, which nothing reads for the main thread.
    static int elsewhere;
    syscall(SYS_set_tid_address, &elsewhere);
}

struct moved {
    atomic_int moved_word;
    atomic_long answer;
};

static int move_ctid(void *argument)
{
    struct moved *m = argument;
    atomic_store(&m->answer, raw(SYS_set_tid_address, (long)&m->moved_word, 0, 0, 0));
    return 0;
}

TEST(set_tid_address_moves_what_is_cleared)
{
    struct moved m = { .moved_word = 7 };
    struct raw_thread t = { .body = move_ctid, .argument = &m, .ctid = 5 };
    long tid = raw_start(&t, THREAD_FLAGS | CLONE_CHILD_CLEARTID, NULL, NULL);
    REQUIRE(tid > 0);
    EXPECT(EVENTUALLY(atomic_load(&m.moved_word) == 0));
    EXPECT_EQ(m.answer, tid);
    EXPECT_EQ(atomic_load(&t.ctid), 5);
}

TEST(a_bad_cleartid_address_is_harmless)
{
    struct moved m = { .moved_word = 1 };
    struct raw_thread t = { .body = exit_at_once, .ctid = 1 };
    (void)m;
    t.stack = anon_pages(16, PROT_READ | PROT_WRITE);
    long tid = raw_start(&t, THREAD_FLAGS, NULL, NULL);
    REQUIRE(tid > 0);
    char path[64];
    snprintf(path, sizeof path, "/proc/self/task/%ld", tid);
    EXPECT(EVENTUALLY(access(path, F_OK) != 0));
    EXPECT_EQ(atomic_load(&t.ctid), 1);
}

TEST(tgkill_to_an_ended_thread_gives_esrch)
{
    struct raw_thread t = { .body = exit_at_once, .ctid = 1 };
    long tid = raw_start(&t, THREAD_FLAGS | CLONE_CHILD_CLEARTID, NULL, NULL);
    REQUIRE(tid > 0);
    EXPECT(raw_join(&t));
    EXPECT(EVENTUALLY(syscall(SYS_tgkill, getpid(), tid, 0) == -1 && errno == ESRCH));
}

TEST(arch_prctl_reads_the_bases)
{
    unsigned long fs = 0, gs = 1, word;
    EXPECT_OK(syscall(SYS_arch_prctl, ARCH_GET_FS, &fs));
    __asm__ volatile("mov %%fs:0, %0" : "=r"(word));
    EXPECT(fs == word); // the thread descriptor points to itself
    EXPECT_OK(syscall(SYS_arch_prctl, ARCH_GET_GS, &gs));
    EXPECT_EQ(gs, 0);
}

TEST(arch_prctl_sets_gs)
{
    static unsigned long cell = 0xabcdef;
    unsigned long got = 0;
    EXPECT_OK(syscall(SYS_arch_prctl, ARCH_SET_GS, &cell));
    __asm__ volatile("mov %%gs:0, %0" : "=r"(got));
    EXPECT_EQ(got, 0xabcdef);
    sched_yield();
    sleep_ms(1);
    __asm__ volatile("mov %%gs:0, %0" : "=r"(got));
    EXPECT_EQ(got, 0xabcdef);
    EXPECT_OK(syscall(SYS_arch_prctl, ARCH_SET_GS, 0));
}

TEST(arch_prctl_refuses)
{
    EXPECT_ERRNO(syscall(SYS_arch_prctl, 0x9999, 0), EINVAL);
    EXPECT_ERRNO(syscall(SYS_arch_prctl, ARCH_SET_GS, 1UL << 47), EPERM);
    EXPECT_ERRNO(syscall(SYS_arch_prctl, ARCH_SET_FS, 0x8000000000000000UL), EPERM);
    EXPECT_ERRNO(syscall(SYS_arch_prctl, ARCH_GET_FS, BAD), EFAULT);
}

TEST(wait_without_children_gives_echild)
{
    int status;
    siginfo_t info;
    EXPECT_ERRNO(waitpid(-1, &status, 0), ECHILD);
    EXPECT_ERRNO(waitpid(-1, &status, WNOHANG), ECHILD);
    EXPECT_ERRNO(waitid(P_ALL, 0, &info, WEXITED), ECHILD);
    EXPECT_ERRNO(waitid(P_ALL, 0, &info, 0), EINVAL);
    EXPECT_ERRNO(waitpid(-1, &status, 0x1000), EINVAL);
}

TEST(rseq_is_whole_or_refused)
{
    // Where glibc could register its area, the kernel keeps the number of this processor there.
    static struct rseq other __attribute__((aligned(32)));
    long r = syscall(SYS_rseq, &other, 32, 0, 0x53053053);
    int error = errno;
    EXPECT(r == -1);
    if (__rseq_size == 0) {
        EXPECT(error == ENOSYS);
        return;
    }
    struct rseq *kept = (struct rseq *)((char *)__builtin_thread_pointer() + __rseq_offset);
    EXPECT(error == EINVAL || error == EBUSY);
    cpu_set_t set;
    sched_getaffinity(0, sizeof set, &set);
    EXPECT(kept->cpu_id < CPU_SETSIZE && CPU_ISSET(kept->cpu_id, &set));
}

TEST(robust_list_can_be_read_back)
{
    void *head = NULL;
    size_t length = 0;
    EXPECT_OK(syscall(SYS_get_robust_list, 0, &head, &length));
    EXPECT_EQ(length, sizeof(struct robust_list_head));
    EXPECT(head != NULL);
    EXPECT_ERRNO(syscall(SYS_set_robust_list, head, 5), EINVAL);
    EXPECT_ERRNO(syscall(SYS_get_robust_list, 0x3fffffff, &head, &length), ESRCH);
    EXPECT_ERRNO(syscall(SYS_get_robust_list, 0, BAD, &length), EFAULT);
}

MAIN()
