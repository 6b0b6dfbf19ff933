// timerfd, interval timers, POSIX timers, alarm.
#include "check.h"
#include <poll.h>
#include <sys/time.h>
#include <sys/timerfd.h>

static volatile sig_atomic_t signals;
static volatile int last_value, last_code, overruns;
static volatile pthread_t last_thread;

static void note(int number, siginfo_t *info, void *context)
{
    (void)number, (void)context;
    last_value = info->si_value.sival_int;
    last_code = info->si_code;
    overruns += info->si_overrun;
    last_thread = pthread_self();
    signals++;
}

static void catch(int number)
{
    struct sigaction a = { .sa_sigaction = note, .sa_flags = SA_SIGINFO | SA_RESTART };
    sigaction(number, &a, NULL);
    signals = 0;
}

static struct itimerspec after(long first_ns, long every_ns)
{
    return (struct itimerspec){ .it_value = { 0, first_ns }, .it_interval = { 0, every_ns } };
}

TEST(timerfd_expires_once)
{
    uint64_t n = 0;
    struct itimerspec s = after(3000000, 0);
    int fd = timerfd_create(CLOCK_MONOTONIC, TFD_CLOEXEC);
    REQUIRE(fd >= 0);
    int64_t before = now_ns();
    EXPECT_OK(timerfd_settime(fd, 0, &s, NULL));
    EXPECT_EQ(read(fd, &n, 8), 8);
    EXPECT_EQ(n, 1);
    EXPECT(now_ns() - before >= 3000000);
    EXPECT_OK(timerfd_gettime(fd, &s));
    EXPECT(s.it_value.tv_sec == 0 && s.it_value.tv_nsec == 0);
    close(fd);
}

TEST(timerfd_counts_expirations)
{
    uint64_t n = 0;
    struct itimerspec s = after(1000000, 1000000);
    int fd = timerfd_create(CLOCK_MONOTONIC, 0);
    EXPECT_OK(timerfd_settime(fd, 0, &s, NULL));
    sleep_ms(6);
    EXPECT_EQ(read(fd, &n, 8), 8);
    EXPECT(n >= 5);
    EXPECT_OK(timerfd_gettime(fd, &s));
    EXPECT_EQ(s.it_interval.tv_nsec, 1000000);
    close(fd);
}

TEST(timerfd_nonblocking_and_polled)
{
    uint64_t n = 0;
    struct itimerspec s = after(3000000, 0), old;
    int fd = timerfd_create(CLOCK_MONOTONIC, TFD_NONBLOCK);
    struct pollfd p = { .fd = fd, .events = POLLIN };
    EXPECT_ERRNO(read(fd, &n, 8), EAGAIN);
    EXPECT_OK(timerfd_settime(fd, 0, &s, NULL));
    EXPECT_EQ(poll(&p, 1, 5000), 1);
    EXPECT_EQ(read(fd, &n, 8), 8);
    s.it_value.tv_sec = 100;
    EXPECT_OK(timerfd_settime(fd, 0, &s, NULL));
    s = after(0, 0); // disarms
    EXPECT_OK(timerfd_settime(fd, 0, &s, &old));
    EXPECT(old.it_value.tv_sec >= 99);
    EXPECT_ERRNO(read(fd, &n, 8), EAGAIN);
    EXPECT_ERRNO(read(fd, &n, 4), EINVAL);
    close(fd);
}

TEST(timerfd_absolute)
{
    uint64_t n = 0;
    struct itimerspec s = after(0, 0);
    int fd = timerfd_create(CLOCK_REALTIME, 0);
    clock_gettime(CLOCK_REALTIME, &s.it_value);
    s.it_value.tv_sec -= 5; // already past
    EXPECT_OK(timerfd_settime(fd, TFD_TIMER_ABSTIME, &s, NULL));
    EXPECT_EQ(read(fd, &n, 8), 8);
    EXPECT_EQ(n, 1);
    close(fd);
}

TEST(timerfd_errors)
{
    struct itimerspec s = after(1000000000, 0);
    int fd = timerfd_create(CLOCK_BOOTTIME, 0), file = temp_file();
    EXPECT_ERRNO(timerfd_create(99, 0), EINVAL);
    EXPECT_ERRNO(timerfd_create(CLOCK_MONOTONIC, 0x123), EINVAL);
    EXPECT_ERRNO(timerfd_settime(fd, 0, &s, NULL), EINVAL);
    EXPECT_ERRNO(timerfd_settime(fd, 0x100, &s, NULL), EINVAL);
    s.it_value.tv_nsec = 5;
    EXPECT_ERRNO(timerfd_settime(file, 0, &s, NULL), EINVAL);
    EXPECT_ERRNO(timerfd_settime(-1, 0, &s, NULL), EBADF);
    close(file);
    close(fd);
}

TEST(itimer_real_sends_sigalrm)
{
    struct itimerval v = { .it_value = { 0, 3000 } }, old;
    catch(SIGALRM);
    EXPECT_OK(setitimer(ITIMER_REAL, &v, NULL));
    EXPECT(EVENTUALLY(signals == 1));
    EXPECT_OK(getitimer(ITIMER_REAL, &old));
    EXPECT(old.it_value.tv_sec == 0 && old.it_value.tv_usec == 0);
}

TEST(itimer_repeats_until_disarmed)
{
    struct itimerval v = { .it_value = { 0, 1000 }, .it_interval = { 0, 1000 } }, none = { 0 }, old;
    catch(SIGALRM);
    EXPECT_OK(setitimer(ITIMER_REAL, &v, NULL));
    EXPECT(EVENTUALLY(signals >= 3));
    EXPECT_OK(setitimer(ITIMER_REAL, &none, &old));
    EXPECT_EQ(old.it_interval.tv_usec, 1000);
    int now = signals;
    sleep_ms(4);
    EXPECT_EQ(signals, now);
}

TEST(itimers_of_processor_time)
{
    struct itimerval v = { .it_value = { 0, 5000 } };
    volatile unsigned long x = 0;
    int64_t give_up = now_ns() + 3000000000LL;
    catch(SIGVTALRM);
    EXPECT_OK(setitimer(ITIMER_VIRTUAL, &v, NULL));
    while (signals == 0 && now_ns() < give_up)
        for (int i = 0; i < 10000; i++)
            x += (unsigned)i;
    EXPECT_EQ(signals, 1);
    catch(SIGPROF);
    EXPECT_OK(setitimer(ITIMER_PROF, &v, NULL));
    while (signals == 0 && now_ns() < give_up)
        for (int i = 0; i < 10000; i++)
            x += (unsigned)i;
    EXPECT_EQ(signals, 1);
}

TEST(itimer_errors)
{
    struct itimerval v = { .it_value = { 0, 1000000 } };
    EXPECT_ERRNO(setitimer(ITIMER_REAL, &v, NULL), EINVAL);
    EXPECT_ERRNO(syscall(SYS_setitimer, 9, &v, NULL), EINVAL);
    EXPECT_ERRNO(syscall(SYS_getitimer, 9, &v), EINVAL);
    EXPECT_ERRNO(syscall(SYS_getitimer, ITIMER_REAL, BAD), EFAULT);
}

TEST(alarm_tells_what_was_left)
{
    catch(SIGALRM);
    EXPECT_EQ(alarm(100), 0);
    unsigned left = alarm(50);
    EXPECT(left == 100 || left == 99);
    EXPECT(alarm(0) > 0);
    EXPECT_EQ(alarm(0), 0);
}

TEST(posix_timer_with_a_signal)
{
    timer_t t;
    struct sigevent e = { .sigev_notify = SIGEV_SIGNAL, .sigev_signo = SIGUSR1, .sigev_value.sival_int = 321 };
    struct itimerspec s = after(3000000, 0), now;
    catch(SIGUSR1);
    REQUIRE(timer_create(CLOCK_MONOTONIC, &e, &t) == 0);
    EXPECT_OK(timer_settime(t, 0, &s, NULL));
    EXPECT_OK(timer_gettime(t, &now));
    EXPECT(EVENTUALLY(signals == 1));
    EXPECT_EQ(last_code, SI_TIMER);
    EXPECT_EQ(last_value, 321);
    EXPECT_OK(timer_gettime(t, &now));
    EXPECT(now.it_value.tv_nsec == 0);
    EXPECT_OK(timer_delete(t));
    EXPECT_ERRNO(timer_gettime(t, &now), EINVAL);
}

TEST(posix_timer_overruns)
{
    timer_t t;
    struct sigevent e = { .sigev_notify = SIGEV_SIGNAL, .sigev_signo = SIGUSR1 };
    struct itimerspec s = after(1000000, 1000000), off = after(0, 0);
    sigset_t set;
    catch(SIGUSR1);
    overruns = 0;
    sigemptyset(&set);
    sigaddset(&set, SIGUSR1);
    sigprocmask(SIG_BLOCK, &set, NULL);
    REQUIRE(timer_create(CLOCK_MONOTONIC, &e, &t) == 0);
    EXPECT_OK(timer_settime(t, 0, &s, NULL));
    sleep_ms(6);
    sigprocmask(SIG_UNBLOCK, &set, NULL);
    EXPECT(EVENTUALLY(signals >= 1));
    timer_settime(t, 0, &off, NULL);
    EXPECT(overruns + signals >= 4);
    EXPECT(timer_getoverrun(t) >= 0);
    timer_delete(t);
}

TEST(posix_timer_without_notification)
{
    timer_t t;
    struct sigevent e = { .sigev_notify = SIGEV_NONE };
    struct itimerspec s = after(0, 0), now;
    s.it_value.tv_sec = 50;
    REQUIRE(timer_create(CLOCK_REALTIME, &e, &t) == 0);
    EXPECT_OK(timer_settime(t, 0, &s, NULL));
    EXPECT_OK(timer_gettime(t, &now));
    EXPECT(now.it_value.tv_sec >= 49 && now.it_value.tv_sec <= 50);
    EXPECT_OK(timer_delete(t));
}

#ifndef sigev_notify_thread_id
#define sigev_notify_thread_id _sigev_un._tid
#endif

static atomic_int other_tid, other_stop;
static void *be_other(void *unused)
{
    atomic_store(&other_tid, (int)syscall(SYS_gettid));
    while (!atomic_load(&other_stop))
        sleep_ms(1);
    return unused;
}

TEST(posix_timer_to_a_thread)
{
    timer_t t;
    pthread_t other;
    struct itimerspec s = after(2000000, 0);
    catch(SIGUSR2);
    REQUIRE(pthread_create(&other, NULL, be_other, NULL) == 0 && EVENTUALLY(other_tid != 0));
    struct sigevent e = { .sigev_notify = SIGEV_THREAD_ID, .sigev_signo = SIGUSR2, .sigev_value.sival_int = 5 };
    e.sigev_notify_thread_id = other_tid;
    REQUIRE(timer_create(CLOCK_MONOTONIC, &e, &t) == 0);
    EXPECT_OK(timer_settime(t, 0, &s, NULL));
    EXPECT(EVENTUALLY(signals == 1));
    EXPECT(pthread_equal(last_thread, other));
    EXPECT_EQ(last_value, 5);
    timer_delete(t);
    atomic_store(&other_stop, 1);
    pthread_join(other, NULL);
    e.sigev_notify_thread_id = 0x3fffffff;
    EXPECT_ERRNO(timer_create(CLOCK_MONOTONIC, &e, &t), EINVAL);
}

static atomic_int thread_ran;
static void in_thread(union sigval v) { atomic_store(&thread_ran, v.sival_int); }

TEST(posix_timer_with_a_thread)
{
    timer_t t;
    struct sigevent e = { .sigev_notify = SIGEV_THREAD, .sigev_notify_function = in_thread, .sigev_value.sival_int = 77 };
    struct itimerspec s = after(2000000, 0);
    REQUIRE(timer_create(CLOCK_MONOTONIC, &e, &t) == 0);
    EXPECT_OK(timer_settime(t, 0, &s, NULL));
    EXPECT(EVENTUALLY(thread_ran == 77));
    EXPECT_OK(timer_delete(t));
}

TEST(posix_timer_absolute)
{
    timer_t t;
    struct sigevent e = { .sigev_notify = SIGEV_SIGNAL, .sigev_signo = SIGUSR1 };
    struct itimerspec s = after(0, 0);
    catch(SIGUSR1);
    REQUIRE(timer_create(CLOCK_REALTIME, &e, &t) == 0);
    clock_gettime(CLOCK_REALTIME, &s.it_value);
    EXPECT_OK(timer_settime(t, TIMER_ABSTIME, &s, NULL));
    EXPECT(EVENTUALLY(signals == 1));
    timer_delete(t);
}

TEST(posix_timer_errors)
{
    timer_t t;
    struct sigevent e = { .sigev_notify = SIGEV_SIGNAL, .sigev_signo = 99 };
    EXPECT_ERRNO(timer_create(99, NULL, &t), EINVAL);
    EXPECT_ERRNO(timer_create(CLOCK_MONOTONIC, &e, &t), EINVAL);
    int id;
    EXPECT_ERRNO(syscall(SYS_timer_delete, 123456), EINVAL);
    EXPECT_ERRNO(syscall(SYS_timer_settime, 123456, 0, &e, NULL), EINVAL);
    EXPECT_ERRNO(syscall(SYS_timer_create, CLOCK_MONOTONIC, NULL, BAD), EFAULT);
    EXPECT_OK(syscall(SYS_timer_create, CLOCK_MONOTONIC, NULL, &id));
    EXPECT_OK(syscall(SYS_timer_delete, id));
}

TEST(posix_timer_on_processor_time)
{
    timer_t t;
    struct sigevent e = { .sigev_notify = SIGEV_SIGNAL, .sigev_signo = SIGUSR1 };
    struct itimerspec s = after(5000000, 0);
    volatile unsigned long x = 0;
    int64_t give_up = now_ns() + 3000000000LL;
    catch(SIGUSR1);
    REQUIRE(timer_create(CLOCK_PROCESS_CPUTIME_ID, &e, &t) == 0);
    EXPECT_OK(timer_settime(t, 0, &s, NULL));
    while (signals == 0 && now_ns() < give_up)
        for (int i = 0; i < 10000; i++)
            x += (unsigned)i;
    EXPECT_EQ(signals, 1);
    timer_delete(t);
}

MAIN()
