// Identity, limits, prctl, uname, sysinfo, getrandom, auxiliary vector, unknown calls.
#include "check.h"
#include <linux/capability.h>
#include <sys/auxv.h>
#include <sys/prctl.h>
#include <sys/random.h>
#include <sys/resource.h>
#include <sys/sysinfo.h>
#include <sys/utsname.h>
#include <sys/wait.h>

TEST(process_ids)
{
    EXPECT(getpid() > 0);
    EXPECT_EQ(getpid(), syscall(SYS_getpid));
    EXPECT_EQ(syscall(SYS_gettid), getpid()); // the main thread
    EXPECT(getppid() >= 0);
    EXPECT(getpgid(0) == getpgrp());
    EXPECT(getpgid(getpid()) == getpgrp());
    EXPECT(getsid(0) >= 0);
    EXPECT_ERRNO(getpgid(0x3fffffff), ESRCH);
    EXPECT_ERRNO(getsid(0x3fffffff), ESRCH);
}

static void *own_tid(void *unused)
{
    (void)unused;
    return (void *)(intptr_t)(syscall(SYS_gettid) != getpid() && syscall(SYS_getpid) == getpid());
}

TEST(threads_have_their_own_ids)
{
    pthread_t t;
    void *r;
    REQUIRE(pthread_create(&t, NULL, own_tid, NULL) == 0);
    pthread_join(t, &r);
    EXPECT_EQ(r, 1);
}

TEST(user_and_group_ids)
{
    uid_t r, e, s;
    gid_t rg, eg, sg;
    EXPECT_OK(getresuid(&r, &e, &s));
    EXPECT_OK(getresgid(&rg, &eg, &sg));
    EXPECT_EQ(r, getuid());
    EXPECT_EQ(e, geteuid());
    EXPECT_EQ(rg, getgid());
    EXPECT_EQ(eg, getegid());
    EXPECT_OK(setuid(getuid()));
    EXPECT_OK(setgid(getgid()));
    EXPECT_OK(setresuid(-1, -1, -1));
    EXPECT_OK(setresgid(-1, -1, -1));
    EXPECT_EQ(syscall(SYS_setfsuid, -1), geteuid());
}

TEST(groups)
{
    gid_t list[256];
    int n = getgroups(0, NULL);
    EXPECT(n >= 0 && n <= 256);
    EXPECT_EQ(getgroups(256, list), n);
    EXPECT_ERRNO(getgroups(-1, list), EINVAL);
}

TEST(thread_names)
{
    char name[17] = "";
    EXPECT_OK(prctl(PR_SET_NAME, "fifteen-letters-and-more"));
    EXPECT_OK(prctl(PR_GET_NAME, name));
    EXPECT_STR(name, "fifteen-letters");
    char comm[32];
    slurp("/proc/self/comm", comm, sizeof comm);
    EXPECT_STR(comm, "fifteen-letters\n");
    EXPECT_OK(prctl(PR_SET_NAME, ""));
    EXPECT_OK(prctl(PR_GET_NAME, name));
    EXPECT_STR(name, "");
}

TEST(parent_death_signal)
{
    int s = -1;
    EXPECT_OK(prctl(PR_GET_PDEATHSIG, &s));
    EXPECT_EQ(s, 0);
    EXPECT_OK(prctl(PR_SET_PDEATHSIG, SIGUSR1));
    EXPECT_OK(prctl(PR_GET_PDEATHSIG, &s));
    EXPECT_EQ(s, SIGUSR1);
    EXPECT_ERRNO(prctl(PR_SET_PDEATHSIG, 99), EINVAL);
    EXPECT_OK(prctl(PR_SET_PDEATHSIG, 0));
    EXPECT_ERRNO(prctl(PR_GET_PDEATHSIG, BAD), EFAULT);
}

TEST(other_prctls)
{
    EXPECT_EQ(prctl(PR_GET_DUMPABLE), 1);
    EXPECT_OK(prctl(PR_SET_DUMPABLE, 1));
    EXPECT_ERRNO(prctl(PR_SET_DUMPABLE, 9), EINVAL);
    EXPECT_EQ(prctl(PR_GET_NO_NEW_PRIVS, 0, 0, 0, 0), 0);
    EXPECT_ERRNO(prctl(PR_SET_NO_NEW_PRIVS, 2, 0, 0, 0), EINVAL);
    EXPECT(prctl(PR_GET_TIMERSLACK) >= 0);
    EXPECT_OK(prctl(PR_SET_KEEPCAPS, 0));
    EXPECT_EQ(prctl(PR_GET_KEEPCAPS), 0);
    EXPECT(prctl(PR_CAPBSET_READ, 0) >= 0);
    EXPECT_ERRNO(prctl(PR_CAPBSET_READ, 9999), EINVAL);
    EXPECT_ERRNO(prctl(0x7654321), EINVAL);
    int reaper = -1;
    EXPECT_OK(prctl(PR_GET_CHILD_SUBREAPER, &reaper));
    EXPECT_EQ(reaper, 0);
    EXPECT_EQ(prctl(PR_GET_THP_DISABLE, 0, 0, 0, 0), 0);
}

TEST(no_new_privs_stays)
{
    EXPECT_OK(prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0));
    EXPECT_EQ(prctl(PR_GET_NO_NEW_PRIVS, 0, 0, 0, 0), 1);
    EXPECT_ERRNO(prctl(PR_SET_NO_NEW_PRIVS, 0, 0, 0, 0), EINVAL);
}

TEST(memory_may_be_named_or_not)
{
    char *p = anon_pages(1, PROT_READ);
    REQUIRE(p);
    int r = prctl(0x53564d41 /* PR_SET_VMA */, 0, p, PAGE, "named");
    EXPECT(r == 0 || errno == EINVAL);
    munmap(p, PAGE);
}

TEST(uname_fields)
{
    struct utsname u;
    EXPECT_OK(uname(&u));
    EXPECT_STR(u.sysname, "Linux");
    EXPECT_STR(u.machine, "x86_64");
    EXPECT(atoi(u.release) >= 4);
    char host[65] = "";
    EXPECT_OK(gethostname(host, sizeof host));
    EXPECT_STR(host, u.nodename);
}

TEST(sysinfo_fields)
{
    struct sysinfo i;
    EXPECT_OK(sysinfo(&i));
    EXPECT(i.uptime > 0 && i.totalram > 0 && i.freeram <= i.totalram && i.procs > 0 && i.mem_unit > 0);
    EXPECT(sysconf(_SC_PHYS_PAGES) > 0);
}

TEST(getrandom_fills)
{
    unsigned char a[64] = { 0 }, b[64] = { 0 };
    EXPECT_EQ(getrandom(a, 64, 0), 64);
    EXPECT_EQ(getrandom(b, 64, GRND_NONBLOCK), 64);
    EXPECT(memcmp(a, b, 64) != 0);
    EXPECT_EQ(getrandom(a, 0, 0), 0);
    EXPECT_EQ(getrandom(a, 16, GRND_RANDOM), 16);
    EXPECT_ERRNO(getrandom(a, 8, 0x100), EINVAL);
    EXPECT_ERRNO(getrandom(BAD, 8, 0), EFAULT);
    static char big[5000];
    EXPECT_EQ(getrandom(big, sizeof big, 0), 5000);
}

TEST(auxiliary_vector)
{
    EXPECT_EQ(getauxval(AT_PAGESZ), PAGE);
    EXPECT_EQ(getauxval(AT_CLKTCK), 100);
    EXPECT_EQ(getauxval(AT_UID), getuid());
    EXPECT_EQ(getauxval(AT_EUID), geteuid());
    EXPECT_EQ(getauxval(AT_GID), getgid());
    EXPECT_EQ(getauxval(AT_SECURE), 0);
    EXPECT_EQ(getauxval(AT_PHENT), 56);
    EXPECT(getauxval(AT_PHNUM) > 3);
    EXPECT(getauxval(AT_ENTRY) != 0);
    EXPECT(getauxval(AT_BASE) != 0);
    EXPECT(getauxval(AT_HWCAP) != 0);
    EXPECT_STR((char *)getauxval(AT_PLATFORM), "x86_64");
    unsigned char *random = (void *)getauxval(AT_RANDOM);
    REQUIRE(random);
    int sum = 0;
    for (int i = 0; i < 16; i++)
        sum |= random[i];
    EXPECT(sum != 0);
    EXPECT(access((char *)getauxval(AT_EXECFN), X_OK) == 0);
}

TEST(unknown_calls_give_enosys)
{
    EXPECT_ERRNO(syscall(9999), ENOSYS);
    EXPECT_ERRNO(syscall(1000, 1, 2, 3, 4, 5, 6), ENOSYS);
    EXPECT_ERRNO(syscall(-1), ENOSYS);
    EXPECT_ERRNO(syscall(0x7fffffff), ENOSYS);
    EXPECT_ERRNO(syscall(350), ENOSYS); // in the gap of the table
    EXPECT_ERRNO(syscall(180 /* nfsservctl, removed */), ENOSYS);
    EXPECT_ERRNO(syscall(174 /* create_module, removed */), ENOSYS);
}

TEST(personality_is_linux)
{
    EXPECT_EQ(syscall(SYS_personality, 0xffffffff) & 0xff, 0);
}

TEST(capabilities_can_be_read)
{
    struct __user_cap_header_struct h = { _LINUX_CAPABILITY_VERSION_3, 0 };
    struct __user_cap_data_struct d[2];
    EXPECT_OK(syscall(SYS_capget, &h, d));
    h.version = 5;
    EXPECT_ERRNO(syscall(SYS_capget, &h, d), EINVAL);
    EXPECT(h.version == _LINUX_CAPABILITY_VERSION_3); // told back
    EXPECT_ERRNO(syscall(SYS_capget, BAD, d), EFAULT);
}

TEST(environment_and_arguments)
{
    extern char **environ;
    EXPECT(environ != NULL);
    EXPECT_OK(setenv("CONFORMANCE_TEST", "1", 1));
    EXPECT_STR(getenv("CONFORMANCE_TEST"), "1");
}

TEST(kcmp_and_pidfd)
{
    long fd = syscall(434 /* pidfd_open */, getpid(), 0);
    if (fd < 0) {
        EXPECT(errno == ENOSYS);
        return;
    }
    EXPECT_OK(syscall(424 /* pidfd_send_signal */, fd, 0, NULL, 0));
    close((int)fd);
    EXPECT_ERRNO(syscall(434, -1, 0), EINVAL);
    EXPECT_ERRNO(syscall(434, 0x3fffffff, 0), ESRCH);
}

TEST(io_priorities_and_quota_of_calls)
{
    EXPECT(syscall(SYS_ioprio_get, 1, 0) >= 0);
    EXPECT_ERRNO(syscall(SYS_ioprio_get, 9, 0), EINVAL);
}

TEST(cpuid_and_time_stamp_counter_work)
{
    unsigned a = 0, b, c = 0, d, low, high, low2, high2;
    __asm__ volatile("cpuid" : "+a"(a), "=b"(b), "+c"(c), "=d"(d));
    EXPECT(a >= 1);
    __asm__ volatile("rdtsc" : "=a"(low), "=d"(high));
    __asm__ volatile("rdtsc" : "=a"(low2), "=d"(high2));
    EXPECT(((uint64_t)high2 << 32 | low2) >= ((uint64_t)high << 32 | low));
}

TEST(segment_registers_are_linuxs)
{
    uint16_t cs, ss;
    __asm__ volatile("mov %%cs, %0\n mov %%ss, %1" : "=r"(cs), "=r"(ss));
    EXPECT_EQ(cs, 0x33);
    EXPECT_EQ(ss, 0x2b);
}

MAIN()
