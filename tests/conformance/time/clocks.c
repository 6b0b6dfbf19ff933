// Clocks, by the vDSO and by system call; sleeping; processor time.
#include "check.h"
#include <elf.h>
#include <sys/auxv.h>
#include <sys/resource.h>
#include <sys/time.h>
#include <sys/times.h>

static const clockid_t clocks[] = { CLOCK_REALTIME, CLOCK_MONOTONIC, CLOCK_PROCESS_CPUTIME_ID, CLOCK_THREAD_CPUTIME_ID, CLOCK_MONOTONIC_RAW, CLOCK_REALTIME_COARSE, CLOCK_MONOTONIC_COARSE, CLOCK_BOOTTIME, CLOCK_TAI };
enum { CLOCKS = sizeof clocks / sizeof *clocks };

static int64_t ns(struct timespec t) { return t.tv_sec * 1000000000LL + t.tv_nsec; }

static int64_t by_call(clockid_t c)
{
    struct timespec t = { 0, 0 };
    syscall(SYS_clock_gettime, c, &t);
    return ns(t);
}

static int64_t by_vdso(clockid_t c)
{
    struct timespec t = { 0, 0 };
    clock_gettime(c, &t);
    return ns(t);
}

TEST(all_clocks_answer)
{
    struct timespec t;
    for (int i = 0; i < CLOCKS; i++) {
        EXPECT_OK(clock_gettime(clocks[i], &t));
        EXPECT(t.tv_nsec >= 0 && t.tv_nsec < 1000000000);
        EXPECT_OK(syscall(SYS_clock_gettime, clocks[i], &t));
        EXPECT_OK(clock_getres(clocks[i], &t));
        EXPECT(t.tv_sec == 0 && t.tv_nsec > 0);
    }
}

TEST(both_ways_agree)
{
    for (int i = 0; i < CLOCKS; i++) {
        int64_t a = by_call(clocks[i]), b = by_vdso(clocks[i]), c = by_call(clocks[i]);
        EXPECT(a <= b && b <= c);
    }
}

TEST(both_ways_agree_over_many_readings)
{
    clockid_t two[] = { CLOCK_MONOTONIC, CLOCK_REALTIME };
    for (int k = 0; k < 2; k++) {
        int64_t last = 0;
        int backwards = 0;
        for (int i = 0; i < 500; i++) {
            int64_t now = i % 2 ? by_call(two[k]) : by_vdso(two[k]);
            backwards += now < last;
            last = now;
        }
        EXPECT_EQ(backwards, 0);
    }
}

TEST(monotonic_never_goes_back)
{
    int64_t last = 0;
    int backwards = 0;
    for (int i = 0; i < 20000; i++) {
        int64_t now = by_vdso(CLOCK_MONOTONIC);
        backwards += now < last;
        last = now;
    }
    EXPECT_EQ(backwards, 0);
}

static atomic_llong newest;
static atomic_int went_back;

static void *race(void *unused)
{
    for (int i = 0; i < 20000; i++) {
        long long before = atomic_load(&newest);
        long long now = by_vdso(CLOCK_MONOTONIC);
        if (now < before)
            atomic_fetch_add(&went_back, 1);
        while (before < now && !atomic_compare_exchange_weak(&newest, &before, now))
            ;
    }
    return unused;
}

TEST(monotonic_never_goes_back_between_threads)
{
    pthread_t t[2];
    for (int i = 0; i < 2; i++)
        REQUIRE(pthread_create(&t[i], NULL, race, NULL) == 0);
    for (int i = 0; i < 2; i++)
        pthread_join(t[i], NULL);
    EXPECT_EQ(went_back, 0);
}

TEST(clocks_advance_with_sleep)
{
    clockid_t all[] = { CLOCK_REALTIME, CLOCK_MONOTONIC, CLOCK_MONOTONIC_RAW, CLOCK_BOOTTIME, CLOCK_TAI };
    for (int i = 0; i < 5; i++) {
        int64_t before = by_vdso(all[i]);
        sleep_ms(2);
        EXPECT(by_vdso(all[i]) - before >= 1900000);
    }
}

TEST(realtime_is_a_plausible_date)
{
    struct timeval v;
    time_t t;
    EXPECT(by_vdso(CLOCK_REALTIME) / 1000000000 > 1700000000);
    EXPECT_OK(gettimeofday(&v, NULL));
    EXPECT(llabs(v.tv_sec - by_call(CLOCK_REALTIME) / 1000000000) <= 1);
    EXPECT(llabs(time(&t) - v.tv_sec) <= 1);
    EXPECT(llabs(syscall(SYS_time, NULL) - v.tv_sec) <= 1);
    EXPECT_OK(syscall(SYS_gettimeofday, &v, NULL));
}

TEST(boottime_is_not_before_monotonic)
{
    int64_t m = by_vdso(CLOCK_MONOTONIC);
    EXPECT(by_vdso(CLOCK_BOOTTIME) >= m);
}

TEST(coarse_clocks_are_near)
{
    EXPECT(llabs(by_vdso(CLOCK_MONOTONIC_COARSE) - by_vdso(CLOCK_MONOTONIC)) < 100000000);
    EXPECT(llabs(by_vdso(CLOCK_REALTIME_COARSE) - by_vdso(CLOCK_REALTIME)) < 100000000);
}

TEST(unknown_clocks_are_refused)
{
    struct timespec t;
    EXPECT_ERRNO(clock_gettime(99, &t), EINVAL);
    EXPECT_ERRNO(syscall(SYS_clock_gettime, 99, &t), EINVAL);
    EXPECT_ERRNO(clock_getres(99, &t), EINVAL);
    EXPECT_OK(syscall(SYS_clock_getres, CLOCK_MONOTONIC, NULL));
}

static void burn(int milliseconds)
{
    volatile unsigned long x = 0;
    int64_t end = by_vdso(CLOCK_THREAD_CPUTIME_ID) + milliseconds * 1000000LL, give_up = now_ns() + 5000000000LL;
    while (by_vdso(CLOCK_THREAD_CPUTIME_ID) < end && now_ns() < give_up)
        for (int i = 0; i < 1000; i++)
            x += (unsigned)i;
}

TEST(processor_time_counts_work_not_sleep)
{
    int64_t p = by_vdso(CLOCK_PROCESS_CPUTIME_ID), t = by_vdso(CLOCK_THREAD_CPUTIME_ID);
    burn(5);
    int64_t p2 = by_vdso(CLOCK_PROCESS_CPUTIME_ID), t2 = by_vdso(CLOCK_THREAD_CPUTIME_ID);
    EXPECT(p2 - p >= 5000000);
    EXPECT(t2 - t >= 5000000);
    sleep_ms(20);
    EXPECT(by_vdso(CLOCK_THREAD_CPUTIME_ID) - t2 < 15000000);
}

TEST(a_threads_clock_can_be_read_by_another)
{
    clockid_t c;
    struct timespec t;
    EXPECT_EQ(pthread_getcpuclockid(pthread_self(), &c), 0);
    EXPECT_OK(clock_gettime(c, &t));
    EXPECT_EQ(clock_getcpuclockid(0, &c), 0);
    EXPECT_OK(clock_gettime(c, &t));
}

TEST(getrusage_and_times_count)
{
    struct rusage a, b, c;
    struct tms t;
    EXPECT_OK(getrusage(RUSAGE_SELF, &a));
    burn(15);
    EXPECT_OK(getrusage(RUSAGE_SELF, &b));
    EXPECT((b.ru_utime.tv_sec - a.ru_utime.tv_sec) * 1000000 + b.ru_utime.tv_usec - a.ru_utime.tv_usec
         + (b.ru_stime.tv_sec - a.ru_stime.tv_sec) * 1000000 + b.ru_stime.tv_usec - a.ru_stime.tv_usec > 3000);
    EXPECT(b.ru_maxrss > 0);
    EXPECT_OK(getrusage(RUSAGE_THREAD, &c));
    EXPECT_OK(getrusage(RUSAGE_CHILDREN, &c));
    EXPECT_ERRNO(getrusage(99, &c), EINVAL);
    EXPECT(times(&t) != (clock_t)-1);
    EXPECT(t.tms_cutime == 0 && t.tms_cstime == 0);
}

TEST(nanosleep_sleeps)
{
    struct timespec t = { 0, 3000000 };
    int64_t before = now_ns();
    EXPECT_OK(nanosleep(&t, NULL));
    EXPECT(now_ns() - before >= 3000000);
    t = (struct timespec){ 0, 0 };
    EXPECT_OK(nanosleep(&t, NULL));
    t.tv_nsec = 1000000000;
    EXPECT_ERRNO(nanosleep(&t, NULL), EINVAL);
    t = (struct timespec){ -1, 0 };
    EXPECT_ERRNO(nanosleep(&t, NULL), EINVAL);
}

TEST(clock_nanosleep_to_a_time)
{
    clockid_t all[] = { CLOCK_MONOTONIC, CLOCK_REALTIME, CLOCK_BOOTTIME, CLOCK_TAI };
    for (int i = 0; i < 4; i++) {
        struct timespec t;
        clock_gettime(all[i], &t);
        t.tv_nsec += 3000000;
        if (t.tv_nsec >= 1000000000)
            t.tv_sec++, t.tv_nsec -= 1000000000;
        int64_t end = ns(t);
        EXPECT_EQ(clock_nanosleep(all[i], TIMER_ABSTIME, &t, NULL), 0);
        EXPECT(by_vdso(all[i]) >= end);
        EXPECT_EQ(clock_nanosleep(all[i], TIMER_ABSTIME, &t, NULL), 0); // in the past
    }
}

TEST(clock_nanosleep_for_a_while_and_refusals)
{
    struct timespec t = { 0, 2000000 };
    int64_t before = now_ns();
    EXPECT_EQ(clock_nanosleep(CLOCK_MONOTONIC, 0, &t, NULL), 0);
    EXPECT(now_ns() - before >= 2000000);
    EXPECT_EQ(clock_nanosleep(99, 0, &t, NULL), EINVAL);
    EXPECT_EQ(clock_nanosleep(CLOCK_THREAD_CPUTIME_ID, 0, &t, NULL), EINVAL);
    EXPECT_EQ(clock_nanosleep(CLOCK_MONOTONIC_RAW, 0, &t, NULL), ENOTSUP);
    t.tv_nsec = -1;
    EXPECT_EQ(clock_nanosleep(CLOCK_MONOTONIC, 0, &t, NULL), EINVAL);
}

// ---- the vDSO itself ----

static void *vdso_symbol(const char *wanted)
{
    Elf64_Ehdr *e = (void *)getauxval(AT_SYSINFO_EHDR);
    if (!e || memcmp(e->e_ident, ELFMAG, SELFMAG) != 0)
        return NULL;
    Elf64_Phdr *ph = (void *)((char *)e + e->e_phoff);
    Elf64_Dyn *dynamic = NULL;
    uintptr_t bias = (uintptr_t)e;
    for (int i = 0; i < e->e_phnum; i++) {
        if (ph[i].p_type == PT_LOAD && ph[i].p_offset == 0)
            bias = (uintptr_t)e - ph[i].p_vaddr;
        if (ph[i].p_type == PT_DYNAMIC)
            dynamic = (void *)((char *)e + ph[i].p_offset);
    }
    Elf64_Sym *symbols = NULL;
    const char *names = NULL;
    uint32_t *hash = NULL, *gnu = NULL;
    for (; dynamic && dynamic->d_tag; dynamic++) {
        void *at = (void *)(bias + dynamic->d_un.d_ptr);
        if (dynamic->d_tag == DT_SYMTAB)
            symbols = at;
        if (dynamic->d_tag == DT_STRTAB)
            names = at;
        if (dynamic->d_tag == DT_HASH)
            hash = at;
        if (dynamic->d_tag == DT_GNU_HASH)
            gnu = at;
    }
    uint32_t count = hash ? hash[1] : 0;
    if (!hash && gnu) { // symbols are counted by walking the chains
        uint32_t *buckets = gnu + 4 + gnu[2] * 2, *chains = buckets + gnu[0];
        for (uint32_t b = 0; b < gnu[0]; b++) {
            uint32_t i = buckets[b];
            while (i && i + 1 > count)
                count = i + 1, i = chains[i - gnu[1]] & 1 ? i : i + 1;
        }
    }
    for (uint32_t i = 0; symbols && names && i < count; i++)
        if (symbols[i].st_shndx != SHN_UNDEF && strcmp(names + symbols[i].st_name, wanted) == 0)
            return (void *)(bias + symbols[i].st_value);
    return NULL;
}

TEST(the_vdso_has_its_symbols)
{
    EXPECT(getauxval(AT_SYSINFO_EHDR) != 0);
    EXPECT(vdso_symbol("__vdso_clock_gettime") != NULL);
    EXPECT(vdso_symbol("__vdso_clock_getres") != NULL);
    EXPECT(vdso_symbol("__vdso_gettimeofday") != NULL);
    EXPECT(vdso_symbol("__vdso_time") != NULL);
    EXPECT(vdso_symbol("__vdso_getcpu") != NULL);
}

TEST(vdso_calls_equal_system_calls)
{
    int (*gettime)(clockid_t, struct timespec *) = vdso_symbol("__vdso_clock_gettime");
    int (*getres)(clockid_t, struct timespec *) = vdso_symbol("__vdso_clock_getres");
    int (*timeofday)(struct timeval *, void *) = vdso_symbol("__vdso_gettimeofday");
    time_t (*get_time)(time_t *) = vdso_symbol("__vdso_time");
    int (*cpu)(unsigned *, unsigned *, void *) = vdso_symbol("__vdso_getcpu");
    REQUIRE(gettime && getres && timeofday && get_time && cpu);
    for (int i = 0; i < CLOCKS; i++) {
        struct timespec t, r, s;
        int64_t a = by_call(clocks[i]);
        EXPECT_EQ(gettime(clocks[i], &t), 0);
        int64_t c = by_call(clocks[i]);
        EXPECT(a <= ns(t) && ns(t) <= c);
        EXPECT_EQ(getres(clocks[i], &r), 0);
        syscall(SYS_clock_getres, clocks[i], &s);
        EXPECT_EQ(ns(r), ns(s));
    }
    struct timespec t;
    EXPECT_EQ(gettime(99, &t), -EINVAL);
    struct timeval v, w;
    struct timezone z = { 1, 1 };
    EXPECT_EQ(timeofday(&v, &z), 0);
    syscall(SYS_gettimeofday, &w, NULL);
    EXPECT((w.tv_sec - v.tv_sec) * 1000000 + w.tv_usec - v.tv_usec >= 0);
    time_t stored = 0;
    time_t told = get_time(&stored);
    EXPECT(told == stored && llabs(told - w.tv_sec) <= 1);
    unsigned number = 99999, node = 99999;
    EXPECT_EQ(cpu(&number, &node, NULL), 0);
    EXPECT(number < CPU_SETSIZE && node < 1024);
}

TEST(monotonic_keeps_pace_with_realtime)
{
    int64_t m = by_vdso(CLOCK_MONOTONIC), r = by_vdso(CLOCK_REALTIME);
    sleep_ms(20);
    int64_t m2 = by_vdso(CLOCK_MONOTONIC), r2 = by_vdso(CLOCK_REALTIME);
    EXPECT(llabs((m2 - m) - (r2 - r)) < 20000000);
}

MAIN()
