// Older and rarer calls by number, where glibc has long used newer ones, and calls that are served whole or refused cleanly.
#include "../files/scratch.h"
#include <linux/aio_abi.h>
#include <linux/futex.h>
#include <linux/seccomp.h>
#include <sys/epoll.h>
#include <sys/sem.h>
#include <sys/signalfd.h>
#include <sys/timex.h>
#include <sys/xattr.h>

TEST(pipe_by_its_old_number)
{
    int p[2];
    char c;
    EXPECT_OK(syscall(SYS_pipe, p));
    EXPECT_EQ(write(p[1], "x", 1), 1);
    EXPECT_EQ(read(p[0], &c, 1), 1);
    close(p[0]);
    close(p[1]);
}

TEST(eventfd_signalfd_inotify_epoll_by_their_old_numbers)
{
    uint64_t v = 0, set = 1UL << (SIGUSR1 - 1);
    long e = syscall(SYS_eventfd, 3), s = syscall(SYS_signalfd, -1, &set, 8), i = syscall(SYS_inotify_init), p = syscall(SYS_epoll_create, 1);
    EXPECT(e >= 0 && s >= 0 && i >= 0 && p >= 0);
    EXPECT_EQ(read((int)e, &v, 8), 8);
    EXPECT_EQ(v, 3);
    close((int)e);
    close((int)s);
    close((int)i);
    close((int)p);
}

TEST(names_by_the_at_calls)
{
    SCRATCH();
    char b[8] = "";
    int d = open(".", O_RDONLY);
    EXPECT_OK(syscall(SYS_mkdirat, d, "d", 0755));
    EXPECT_OK(syscall(SYS_symlinkat, "to", d, "l"));
    EXPECT_OK(syscall(SYS_mknod, "f", S_IFREG | 0600, 0));
    EXPECT_OK(syscall(SYS_mknodat, d, "g", S_IFREG | 0600, 0));
    EXPECT_OK(syscall(SYS_renameat, d, "g", d, "h"));
    EXPECT_OK(syscall(SYS_linkat, d, "h", d, "i", 0));
    EXPECT_EQ(syscall(SYS_readlinkat, d, "l", b, 8), 2);
    EXPECT_OK(syscall(SYS_unlinkat, d, "d", AT_REMOVEDIR));
    EXPECT_OK(syscall(SYS_faccessat, d, "i", F_OK));
    close(d);
}

TEST(getdents_by_its_old_number)
{
    SCRATCH();
    char b[512];
    int d = open(".", O_RDONLY);
    EXPECT_EQ(syscall(SYS_getdents, d, b, sizeof b), 48); // "." and "..", the type in the last byte
    EXPECT_EQ(b[*(unsigned short *)(b + 16) - 1], DT_DIR);
    close(d);
}

TEST(attributes_of_a_symlink)
{
    SCRATCH();
    char b[64];
    REQUIRE(put("f", "") && symlink("f", "l") == 0 && setxattr("f", "user.a", "1", 1, 0) == 0);
    EXPECT_EQ(getxattr("l", "user.a", b, 64), 1);
    EXPECT_ERRNO(lgetxattr("l", "user.a", b, 64), ENODATA);
    EXPECT_ERRNO(lsetxattr("l", "user.a", "1", 1, 0), EPERM);
    EXPECT_EQ(llistxattr("l", b, 64), 0);
    EXPECT_EQ(lremovexattr("l", "user.a"), -1);
}

TEST(semop_by_its_old_number)
{
    struct sembuf b = { 0, 2, 0 };
    int set = semget(IPC_PRIVATE, 1, 0600);
    EXPECT_OK(syscall(SYS_semop, set, &b, 1));
    EXPECT_EQ(semctl(set, 0, GETVAL), 2);
    semctl(set, 0, IPC_RMID);
}

TEST(identity_setters_to_the_same_values)
{
    EXPECT_OK(syscall(SYS_setreuid, -1, -1));
    EXPECT_OK(syscall(SYS_setregid, -1, -1));
    EXPECT_EQ(syscall(SYS_setfsgid, -1), getegid());
    EXPECT_OK(setpgid(0, getpgrp() == getpid() ? 0 : getpgrp()));
    EXPECT_ERRNO(setpgid(0, -1), EINVAL);
    EXPECT_ERRNO(setpgid(0x3fffffff, 0), ESRCH);
}

TEST(sched_setparam_and_setattr)
{
    struct sched_param p = { 0 };
    uint64_t attr[8] = { 48 };
    EXPECT_OK(sched_setparam(0, &p));
    EXPECT_OK(syscall(SYS_sched_setattr, 0, attr, 0));
    EXPECT_ERRNO(syscall(SYS_sched_setattr, 0, BAD, 0), EFAULT);
    EXPECT_ERRNO(syscall(SYS_sched_setattr, 0, NULL, 0), EINVAL);
}

TEST(adjtimex_reads)
{
    struct timex t = { 0 };
    EXPECT(adjtimex(&t) >= 0);
    EXPECT(t.tick > 0);
    memset(&t, 0, sizeof t);
    EXPECT(clock_adjtime(CLOCK_REALTIME, &t) >= 0);
    EXPECT_ERRNO(syscall(SYS_adjtimex, BAD), EFAULT);
}

TEST(futex_waitv_times_out_and_wakes)
{
    static uint32_t words[2] = { 1, 2 };
    struct futex_waitv w[2] = { { .val = 1, .uaddr = (uintptr_t)&words[0], .flags = FUTEX_32 | FUTEX_PRIVATE_FLAG },
                                { .val = 2, .uaddr = (uintptr_t)&words[1], .flags = FUTEX_32 | FUTEX_PRIVATE_FLAG } };
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    long r = syscall(SYS_futex_waitv, w, 2, 0, &t, CLOCK_MONOTONIC);
    if (r == -1 && errno == ENOSYS)
        return;
    EXPECT(r == -1 && errno == ETIMEDOUT);
    w[1].val = 9;
    EXPECT_ERRNO(syscall(SYS_futex_waitv, w, 2, 0, NULL, 0), EAGAIN);
    EXPECT_ERRNO(syscall(SYS_futex_waitv, w, 200, 0, NULL, 0), EINVAL);
    EXPECT_ERRNO(syscall(SYS_futex_waitv, BAD, 2, 0, NULL, 0), EFAULT);
}

TEST(kcmp_compares_open_files)
{
    int a = open("/dev/null", O_RDONLY), b = dup(a), c = open("/dev/null", O_RDONLY);
    long r = syscall(SYS_kcmp, getpid(), getpid(), 0 /* KCMP_FILE */, a, b);
    if (r == -1) {
        EXPECT(errno == ENOSYS || errno == EPERM);
    } else {
        EXPECT_EQ(r, 0);
        EXPECT(syscall(SYS_kcmp, getpid(), getpid(), 0, a, c) > 0);
    }
    close(a);
    close(b);
    close(c);
}

TEST(pidfd_getfd_of_oneself)
{
    long pid = syscall(SYS_pidfd_open, getpid(), 0);
    if (pid < 0)
        return;
    int a = open("/dev/null", O_RDONLY);
    long b = syscall(SYS_pidfd_getfd, pid, a, 0);
    EXPECT(b >= 0 || errno == ENOSYS);
    close((int)b);
    close(a);
    close((int)pid);
}

TEST(unshare_of_nothing)
{
    EXPECT_OK(syscall(SYS_unshare, 0));
    EXPECT_ERRNO(syscall(SYS_unshare, 1), EINVAL);
}

TEST(seccomp_tells_what_it_knows)
{
    uint32_t action = SECCOMP_RET_ALLOW;
    long r = syscall(SYS_seccomp, SECCOMP_GET_ACTION_AVAIL, 0, &action);
    EXPECT(r == 0 || errno == ENOSYS);
    EXPECT_ERRNO(syscall(SYS_seccomp, 99, 0, NULL), EINVAL);
}

TEST(asynchronous_io_is_whole_or_refused)
{
    aio_context_t context = 0;
    long r = syscall(SYS_io_setup, 4, &context);
    if (r == -1) {
        EXPECT(errno == ENOSYS);
        return;
    }
    char b[4] = "";
    int fd = temp_pages(1);
    struct iocb one = { .aio_lio_opcode = IOCB_CMD_PREAD, .aio_fildes = (uint32_t)fd, .aio_buf = (uintptr_t)b, .aio_nbytes = 4, .aio_data = 7 }, *list = &one;
    struct io_event done = { 0 };
    EXPECT_EQ(syscall(SYS_io_submit, context, 1, &list), 1);
    EXPECT_EQ(syscall(SYS_io_getevents, context, 1, 1, &done, NULL), 1);
    EXPECT_EQ(done.res, 4);
    EXPECT_EQ(done.data, 7);
    EXPECT_MEM(b, "AAAA", 4);
    EXPECT_OK(syscall(SYS_io_destroy, context));
    close(fd);
}

TEST(io_uring_is_there_or_refused)
{
    char parameters[120] = { 0 };
    long fd = syscall(SYS_io_uring_setup, 4, parameters);
    EXPECT(fd >= 0 || errno == ENOSYS || errno == EPERM || errno == EINVAL);
    if (fd >= 0)
        close((int)fd);
}

TEST(what_a_program_may_not_do_is_refused)
{
    EXPECT_EQ(syscall(SYS_reboot, 1, 2, 3, NULL), -1); // wrong magic numbers
    EXPECT_EQ(syscall(SYS_swapon, "/none", 0), -1);
    EXPECT_EQ(syscall(SYS_init_module, BAD, 10, ""), -1);
    EXPECT_EQ(syscall(SYS_delete_module, "no_such_module", O_NONBLOCK), -1);
    EXPECT_EQ(syscall(SYS_kexec_load, 0, 99, NULL, 0), -1);
    EXPECT_EQ(syscall(SYS_mount, "none", "/none", "none", 0, NULL), -1);
    EXPECT_EQ(syscall(SYS_umount2, "/none", 0), -1);
    EXPECT_EQ(syscall(SYS_pivot_root, "/none", "/none"), -1);
    EXPECT_EQ(syscall(SYS_chroot, "/none"), -1);
    EXPECT_EQ(syscall(SYS_ptrace, 3, 0x3fffffff, NULL, NULL), -1);
    EXPECT_EQ(syscall(SYS_setns, -1, 0), -1);
    EXPECT_EQ(syscall(SYS_bpf, 9999, NULL, 0), -1);
    EXPECT_EQ(syscall(SYS_perf_event_open, BAD, 0, -1, -1, 0), -1);
    EXPECT_EQ(syscall(SYS_iopl, 9), -1);
    EXPECT_EQ(syscall(SYS_acct, "/none"), -1);
    EXPECT_EQ(syscall(SYS_quotactl, 0, BAD, 0, NULL), -1);
}

TEST(removed_calls_are_gone)
{
    int gone[] = { SYS__sysctl, SYS_create_module, SYS_get_kernel_syms, SYS_query_module, SYS_nfsservctl, SYS_getpmsg, SYS_putpmsg,
                   SYS_afs_syscall, SYS_tuxcall, SYS_security, SYS_vserver, SYS_epoll_ctl_old, SYS_epoll_wait_old, SYS_set_thread_area, SYS_get_thread_area };
    for (size_t i = 0; i < sizeof gone / sizeof *gone; i++)
        EXPECT_ERRNO(syscall(gone[i], 0, 0, 0, 0), ENOSYS);
}

TEST(restart_syscall_without_one)
{
    EXPECT_ERRNO(syscall(SYS_restart_syscall), EINTR);
}

TEST(process_madvise_and_mbind_are_whole_or_refused)
{
    char *p = anon_pages(1, PROT_READ | PROT_WRITE);
    REQUIRE(p);
    struct iovec v = { p, PAGE };
    long pid = syscall(SYS_pidfd_open, getpid(), 0);
    if (pid >= 0) {
        long r = syscall(SYS_process_madvise, pid, &v, 1, MADV_COLD, 0);
        EXPECT(r == (long)PAGE || errno == ENOSYS);
        close((int)pid);
    }
    long r = syscall(SYS_mbind, p, PAGE, 0, NULL, 0, 0);
    EXPECT(r == 0 || errno == ENOSYS);
    munmap(p, PAGE);
}

TEST(remap_file_pages_is_whole_or_refused)
{
    int fd = temp_pages(2);
    char *p = mmap(NULL, 2 * PAGE, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
    REQUIRE(p != MAP_FAILED);
    long r = syscall(SYS_remap_file_pages, p, PAGE, 0, 1, 0);
    if (r == 0)
        EXPECT_EQ(p[0], 'B');
    else
        EXPECT(errno == ENOSYS || errno == EINVAL);
    munmap(p, 2 * PAGE);
    close(fd);
}

TEST(host_names_cannot_be_set_from_nowhere)
{
    EXPECT_EQ(syscall(SYS_sethostname, BAD, 4), -1);
    EXPECT_EQ(syscall(SYS_setdomainname, BAD, 4), -1);
    EXPECT_EQ(syscall(SYS_setgroups, 1 << 20, NULL), -1);
}

TEST(handles_of_names)
{
    struct { unsigned bytes; int kind; unsigned char data[128]; } h = { .bytes = 0 };
    int mount = 0;
    EXPECT_EQ(syscall(SYS_name_to_handle_at, AT_FDCWD, "/", &h, &mount, 0), -1);
    EXPECT(errno == EOVERFLOW || errno == EOPNOTSUPP || errno == ENOSYS);
}

MAIN()
