// Scheduling calls: affinity, policies, yields, processor numbers.
#include "check.h"
#include <sys/resource.h>
#include <sys/sysinfo.h>

// linux/sched/types.h cannot stand beside glibc's sched.h.
struct sched_attr {
    uint32_t size, sched_policy;
    uint64_t sched_flags;
    int32_t sched_nice;
    uint32_t sched_priority;
    uint64_t sched_runtime, sched_deadline, sched_period;
};

TEST(getaffinity_returns_bytes_written)
{
    cpu_set_t set;
    CPU_ZERO(&set);
    long n = syscall(SYS_sched_getaffinity, 0, sizeof set, &set);
    EXPECT(n > 0 && n % 8 == 0 && n <= (long)sizeof set);
    EXPECT(CPU_COUNT(&set) > 0);
}

TEST(getaffinity_refuses)
{
    cpu_set_t set;
    EXPECT_ERRNO(syscall(SYS_sched_getaffinity, 0, 4, &set), EINVAL);
    EXPECT_ERRNO(syscall(SYS_sched_getaffinity, 0, 12, &set), EINVAL);
    EXPECT_ERRNO(syscall(SYS_sched_getaffinity, 0, sizeof set, BAD), EFAULT);
    EXPECT_ERRNO(syscall(SYS_sched_getaffinity, 0x3fffffff, sizeof set, &set), ESRCH);
}

TEST(affinity_agrees_with_the_processor_count)
{
    cpu_set_t set;
    REQUIRE(sched_getaffinity(0, sizeof set, &set) == 0);
    EXPECT_EQ(CPU_COUNT(&set), sysconf(_SC_NPROCESSORS_ONLN));
    EXPECT(get_nprocs() <= get_nprocs_conf());
}

TEST(setaffinity_narrows_and_widens)
{
    cpu_set_t all, one, now;
    REQUIRE(sched_getaffinity(0, sizeof all, &all) == 0);
    int first = 0;
    while (!CPU_ISSET(first, &all))
        first++;
    CPU_ZERO(&one);
    CPU_SET(first, &one);
    EXPECT_OK(sched_setaffinity(0, sizeof one, &one));
    EXPECT_OK(sched_getaffinity(0, sizeof now, &now));
    EXPECT(CPU_EQUAL(&one, &now));
    EXPECT_EQ(sched_getcpu(), first);
    EXPECT_OK(sched_setaffinity(0, sizeof all, &all));
    EXPECT_OK(sched_getaffinity(0, sizeof now, &now));
    EXPECT(CPU_EQUAL(&all, &now));
}

TEST(setaffinity_refuses)
{
    cpu_set_t none;
    CPU_ZERO(&none);
    EXPECT_ERRNO(sched_setaffinity(0, sizeof none, &none), EINVAL);
    EXPECT_ERRNO(sched_setaffinity(0x3fffffff, sizeof none, &none), ESRCH);
    EXPECT_ERRNO(syscall(SYS_sched_setaffinity, 0, 8, BAD), EFAULT);
}

TEST(getcpu_is_in_the_affinity)
{
    unsigned cpu = 9999, node = 9999;
    cpu_set_t set;
    EXPECT_OK(syscall(SYS_getcpu, &cpu, &node, NULL));
    REQUIRE(sched_getaffinity(0, sizeof set, &set) == 0);
    EXPECT(cpu < CPU_SETSIZE && CPU_ISSET(cpu, &set));
    EXPECT(node < 1024);
    EXPECT_OK(syscall(SYS_getcpu, NULL, NULL, NULL));
    EXPECT_ERRNO(syscall(SYS_getcpu, BAD, NULL, NULL), EFAULT);
    int by_vdso = sched_getcpu();
    EXPECT(by_vdso >= 0 && CPU_ISSET(by_vdso, &set));
}

TEST(yield_succeeds)
{
    EXPECT_OK(sched_yield());
}

TEST(the_policy_is_other)
{
    struct sched_param p = { .sched_priority = 9 };
    EXPECT_EQ(sched_getscheduler(0), SCHED_OTHER);
    EXPECT_OK(sched_getparam(0, &p));
    EXPECT_EQ(p.sched_priority, 0);
    EXPECT_OK(sched_setscheduler(0, SCHED_OTHER, &p));
    p.sched_priority = 5;
    EXPECT_ERRNO(sched_setscheduler(0, SCHED_OTHER, &p), EINVAL);
    EXPECT_ERRNO(sched_setscheduler(0, 77, &p), EINVAL);
}

TEST(batch_and_idle_policies)
{
    struct sched_param p = { 0 };
    EXPECT_OK(sched_setscheduler(0, SCHED_BATCH, &p));
    EXPECT_EQ(sched_getscheduler(0), SCHED_BATCH);
    EXPECT_OK(sched_setscheduler(0, SCHED_OTHER, &p));
}

TEST(priority_ranges)
{
    EXPECT_EQ(sched_get_priority_min(SCHED_OTHER), 0);
    EXPECT_EQ(sched_get_priority_max(SCHED_OTHER), 0);
    EXPECT_EQ(sched_get_priority_min(SCHED_FIFO), 1);
    EXPECT_EQ(sched_get_priority_max(SCHED_RR), 99);
    EXPECT_ERRNO(sched_get_priority_max(55), EINVAL);
}

TEST(rr_interval_answers)
{
    struct timespec t = { -1, -1 };
    EXPECT_OK(sched_rr_get_interval(0, &t));
    EXPECT(t.tv_sec >= 0 && t.tv_nsec >= 0);
    EXPECT_ERRNO(sched_rr_get_interval(-5, &t), EINVAL);
}

TEST(sched_attr_can_be_read)
{
    struct sched_attr a = { 0 };
    EXPECT_OK(syscall(SYS_sched_getattr, 0, &a, sizeof a, 0));
    EXPECT_EQ(a.sched_policy, SCHED_OTHER);
    EXPECT_ERRNO(syscall(SYS_sched_getattr, 0, &a, 4, 0), EINVAL);
}

TEST(nice_values)
{
    errno = 0;
    EXPECT_EQ(getpriority(PRIO_PROCESS, 0), 0);
    EXPECT_EQ(syscall(SYS_getpriority, PRIO_PROCESS, 0), 20); // the raw call answers 20 - nice
    EXPECT_OK(setpriority(PRIO_PROCESS, 0, 1));
    EXPECT_EQ(getpriority(PRIO_PROCESS, 0), 1);
    EXPECT_ERRNO(getpriority(99, 0), EINVAL);
    EXPECT_ERRNO(getpriority(PRIO_PROCESS, 0x3fffffff), ESRCH);
    setpriority(PRIO_PROCESS, 0, 0);
}

TEST(possible_processors_are_listed)
{
    char text[256];
    slurp("/sys/devices/system/cpu/possible", text, sizeof text);
    EXPECT(text[0] == '0');
    slurp("/sys/devices/system/cpu/online", text, sizeof text);
    EXPECT(text[0] == '0');
}

TEST(cpuinfo_lists_the_online_processors)
{
    FILE *f = fopen("/proc/cpuinfo", "r");
    char line[8192];
    int processors = 0;
    REQUIRE(f);
    while (fgets(line, sizeof line, f))
        processors += strncmp(line, "processor", 9) == 0;
    fclose(f);
    EXPECT_EQ(processors, sysconf(_SC_NPROCESSORS_ONLN));
}

MAIN()
