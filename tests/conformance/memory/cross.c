// process_vm_readv and writev on oneself, membarrier, pkeys, and other odd memory calls.
#include "fault.h"
#include <linux/membarrier.h>
#include <linux/mempolicy.h>

TEST(readv_copies_from_oneself)
{
    char from[] = "hello, world", to[32] = "";
    struct iovec local[] = { { to, 5 }, { to + 10, 7 } }, remote[] = { { from, 7 }, { from + 7, 5 } };
    EXPECT_EQ(process_vm_readv(getpid(), local, 2, remote, 2, 0), 12);
    EXPECT_MEM(to, "hello", 5);
    EXPECT_MEM(to + 10, ", world", 7);
}

TEST(writev_copies_to_oneself)
{
    char from[] = "abc", to[4] = "";
    struct iovec local = { from, 3 }, remote = { to, 3 };
    EXPECT_EQ(process_vm_writev(getpid(), &local, 1, &remote, 1, 0), 3);
    EXPECT_STR(to, "abc");
}

TEST(the_shorter_side_decides)
{
    char from[16] = "0123456789", to[16] = "";
    struct iovec local = { to, 4 }, remote = { from, 10 };
    EXPECT_EQ(process_vm_readv(getpid(), &local, 1, &remote, 1, 0), 4);
    EXPECT_STR(to, "0123");
}

TEST(a_hole_gives_what_came_before)
{
    char *p = page_before_hole(), to[100];
    REQUIRE(p);
    memset(p, 4, PAGE);
    struct iovec local = { to, 100 }, remote[] = { { p, 10 }, { p + PAGE, 90 } };
    EXPECT_EQ(process_vm_readv(getpid(), &local, 1, remote, 2, 0), 10);
    struct iovec bad = { p + PAGE, 10 };
    EXPECT_ERRNO(process_vm_readv(getpid(), &local, 1, &bad, 1, 0), EFAULT);
    munmap(p, 2 * PAGE);
}

TEST(cross_memory_errors)
{
    char b[4];
    struct iovec v = { b, 4 };
    EXPECT_ERRNO(process_vm_readv(getpid(), &v, 1, &v, 1, 1), EINVAL);
    EXPECT_ERRNO(process_vm_readv(0x3fffffff, &v, 1, &v, 1, 0), ESRCH);
    EXPECT_ERRNO(process_vm_readv(getpid(), BAD, 1, &v, 1, 0), EFAULT);
    EXPECT_ERRNO(process_vm_readv(getpid(), &v, 1, BAD, 1, 0), EFAULT);
    EXPECT_EQ(process_vm_readv(getpid(), &v, 0, &v, 1, 0), 0);
    EXPECT_EQ(process_vm_readv(getpid(), &v, 1, &v, 0, 0), 0);
    EXPECT_ERRNO(process_vm_readv(getpid(), &v, 2000, &v, 1, 0), EINVAL);
}

TEST(membarrier_query_has_private_expedited)
{
    long commands = syscall(SYS_membarrier, MEMBARRIER_CMD_QUERY, 0, 0);
    EXPECT(commands > 0);
    EXPECT(commands & MEMBARRIER_CMD_PRIVATE_EXPEDITED);
    EXPECT(commands & MEMBARRIER_CMD_REGISTER_PRIVATE_EXPEDITED);
}

TEST(membarrier_wants_registration)
{
    EXPECT_ERRNO(syscall(SYS_membarrier, MEMBARRIER_CMD_PRIVATE_EXPEDITED_SYNC_CORE, 0, 0), EPERM);
    EXPECT_EQ(syscall(SYS_membarrier, MEMBARRIER_CMD_REGISTER_PRIVATE_EXPEDITED, 0, 0), 0);
    EXPECT_EQ(syscall(SYS_membarrier, MEMBARRIER_CMD_PRIVATE_EXPEDITED, 0, 0), 0);
}

TEST(membarrier_refuses_bad_arguments)
{
    EXPECT_ERRNO(syscall(SYS_membarrier, 1 << 20, 0, 0), EINVAL);
    EXPECT_ERRNO(syscall(SYS_membarrier, MEMBARRIER_CMD_QUERY, 1, 0), EINVAL);
}

static atomic_int barrier_stop;
static int dekker_x, dekker_y;

static void *spinner(void *unused)
{
    (void)unused;
    while (!atomic_load(&barrier_stop))
        ;
    return NULL;
}

TEST(membarrier_reaches_running_threads)
{
    pthread_t thread;
    (void)dekker_x, (void)dekker_y;
    EXPECT_EQ(syscall(SYS_membarrier, MEMBARRIER_CMD_REGISTER_PRIVATE_EXPEDITED, 0, 0), 0);
    REQUIRE(pthread_create(&thread, NULL, spinner, NULL) == 0);
    for (int i = 0; i < 50; i++)
        EXPECT_EQ(syscall(SYS_membarrier, MEMBARRIER_CMD_PRIVATE_EXPEDITED, 0, 0), 0);
    atomic_store(&barrier_stop, 1);
    pthread_join(thread, NULL);
}

TEST(mempolicy_calls_answer)
{
    int mode = -1;
    long r = syscall(SYS_get_mempolicy, &mode, NULL, 0, NULL, 0);
    if (r == 0) {
        EXPECT_EQ(mode, MPOL_DEFAULT);
        EXPECT_EQ(syscall(SYS_set_mempolicy, MPOL_DEFAULT, NULL, 0), 0);
        EXPECT_ERRNO(syscall(SYS_set_mempolicy, 99, NULL, 0), EINVAL);
    } else {
        EXPECT_EQ(errno, ENOSYS);
    }
}

TEST(pkeys_are_whole_or_refused)
{
    long key = syscall(SYS_pkey_alloc, 0, 0);
    if (key < 0)
        EXPECT(errno == ENOSPC || errno == ENOSYS || errno == EINVAL);
    else
        EXPECT_EQ(syscall(SYS_pkey_free, key), 0);
}

TEST(pkey_mprotect_with_no_key_is_mprotect)
{
    char *p = anon_pages(1, PROT_READ | PROT_WRITE);
    REQUIRE(p);
    EXPECT_OK(syscall(SYS_pkey_mprotect, p, PAGE, PROT_READ, -1));
    EXPECT_EQ(fault_write(p).signal, SIGSEGV);
    munmap(p, PAGE);
}

MAIN()
