// Clocks and timers of every kind; prints whether they were right, not what they said.
#include "check.h"
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdint.h>
#include <sys/resource.h>
#include <sys/time.h>
#include <sys/timerfd.h>
#include <sys/times.h>
#include <time.h>

static volatile sig_atomic_t alarms, virtual_alarms;
static volatile int value_told;
static atomic_int thread_calls;

static void on_alarm(int number) { alarms += number == SIGALRM; virtual_alarms += number == SIGVTALRM; }
static void on_timer(int number, siginfo_t *info, void *context)
{
    (void)number;
    (void)context;
    value_told = info->si_code == SI_TIMER ? info->si_value.sival_int : -1;
}
static void on_thread(union sigval value) { atomic_fetch_add(&thread_calls, value.sival_int); }

static double now(clockid_t clock)
{
    struct timespec t;
    CHECK(clock_gettime(clock, &t) == 0);
    return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

static void clocks(void)
{
    const clockid_t all[] = { CLOCK_REALTIME, CLOCK_MONOTONIC, CLOCK_MONOTONIC_RAW, CLOCK_REALTIME_COARSE,
                              CLOCK_MONOTONIC_COARSE, CLOCK_BOOTTIME, CLOCK_TAI, CLOCK_PROCESS_CPUTIME_ID, CLOCK_THREAD_CPUTIME_ID };
    for (unsigned i = 0; i < sizeof all / sizeof *all; i++) {
        struct timespec resolution, last, next;
        CHECK(clock_getres(all[i], &resolution) == 0 && resolution.tv_sec == 0);
        CHECK(clock_gettime(all[i], &last) == 0);
        for (int n = 0; n < 20000; n++) {
            clock_gettime(all[i], &next);
            CHECK(next.tv_nsec >= 0 && next.tv_nsec < 1000000000);
            CHECK(all[i] == CLOCK_REALTIME || next.tv_sec > last.tv_sec || (next.tv_sec == last.tv_sec && next.tv_nsec >= last.tv_nsec));
            last = next;
        }
    }
    struct timeval day;
    CHECK(gettimeofday(&day, NULL) == 0 && (double)day.tv_sec + 1 > now(CLOCK_REALTIME) - 1);
    CHECK(time(NULL) >= day.tv_sec);
    CHECK(clock_gettime(999, &(struct timespec){ 0 }) == -1 && errno == EINVAL);
    puts("clocks run forward");
}

static void sleeping(void)
{
    double start = now(CLOCK_MONOTONIC);
    struct timespec brief = { 0, 50000000 };
    CHECK(nanosleep(&brief, NULL) == 0);
    double slept = now(CLOCK_MONOTONIC) - start;
    CHECK(slept >= 0.05 && slept < 5);
    struct timespec until;
    clock_gettime(CLOCK_MONOTONIC, &until);
    until.tv_sec += 0;
    until.tv_nsec += 30000000;
    if (until.tv_nsec >= 1000000000) {
        until.tv_nsec -= 1000000000;
        until.tv_sec++;
    }
    CHECK(clock_nanosleep(CLOCK_MONOTONIC, TIMER_ABSTIME, &until, NULL) == 0);
    CHECK(now(CLOCK_MONOTONIC) >= (double)until.tv_sec + (double)until.tv_nsec / 1e9);
    struct timespec wrong = { 0, 1000000000 };
    CHECK(nanosleep(&wrong, NULL) == -1 && errno == EINVAL);
    puts("sleeps last as long as asked");
}

static void interval_timers(void)
{
    signal(SIGALRM, on_alarm);
    signal(SIGVTALRM, on_alarm);
    struct itimerval each = { { 0, 20000 }, { 0, 20000 } }, off = { { 0, 0 }, { 0, 0 } }, left;
    setitimer(ITIMER_REAL, &each, NULL);
    while (alarms < 5)
        pause();
    CHECK(getitimer(ITIMER_REAL, &left) == 0 && left.it_interval.tv_usec == 20000);
    setitimer(ITIMER_REAL, &off, NULL);
    each.it_interval.tv_usec = each.it_value.tv_usec = 10000;
    setitimer(ITIMER_VIRTUAL, &each, NULL);
    double end = now(CLOCK_MONOTONIC) + 20;
    while (virtual_alarms < 3 && now(CLOCK_MONOTONIC) < end)
        ;
    setitimer(ITIMER_VIRTUAL, &off, NULL);
    CHECK(virtual_alarms >= 3);
    puts("interval timers");
}

static void posix_timers(void)
{
    struct sigaction action = { .sa_sigaction = on_timer, .sa_flags = SA_SIGINFO };
    sigaction(SIGRTMIN + 1, &action, NULL);
    struct sigevent event = { .sigev_notify = SIGEV_SIGNAL, .sigev_signo = SIGRTMIN + 1, .sigev_value.sival_int = 4711 };
    timer_t timer;
    CHECK(timer_create(CLOCK_MONOTONIC, &event, &timer) == 0);
    struct itimerspec once = { .it_value = { 0, 20000000 } }, left;
    CHECK(timer_settime(timer, 0, &once, NULL) == 0);
    CHECK(timer_gettime(timer, &left) == 0 && left.it_value.tv_nsec <= 20000000);
    double end = now(CLOCK_MONOTONIC) + 10;
    while (!value_told && now(CLOCK_MONOTONIC) < end)
        usleep(1000);
    CHECK(value_told == 4711 && timer_getoverrun(timer) == 0 && timer_delete(timer) == 0);
    event = (struct sigevent){ .sigev_notify = SIGEV_THREAD, .sigev_notify_function = on_thread, .sigev_value.sival_int = 1 };
    CHECK(timer_create(CLOCK_REALTIME, &event, &timer) == 0);
    struct itimerspec each = { { 0, 10000000 }, { 0, 10000000 } };
    CHECK(timer_settime(timer, 0, &each, NULL) == 0);
    end = now(CLOCK_MONOTONIC) + 10;
    while (thread_calls < 3 && now(CLOCK_MONOTONIC) < end)
        usleep(1000);
    CHECK(thread_calls >= 3 && timer_delete(timer) == 0);
    puts("POSIX timers by signal and by thread");
}

static void descriptor_timers(void)
{
    int timer = timerfd_create(CLOCK_MONOTONIC, TFD_NONBLOCK | TFD_CLOEXEC);
    uint64_t ticks;
    CHECK(timer >= 0 && read(timer, &ticks, 8) == -1 && errno == EAGAIN);
    struct itimerspec each = { { 0, 5000000 }, { 0, 5000000 } };
    CHECK(timerfd_settime(timer, 0, &each, NULL) == 0);
    struct pollfd ready = { timer, POLLIN, 0 };
    CHECK(poll(&ready, 1, 5000) == 1 && (ready.revents & POLLIN));
    usleep(30000);
    CHECK(read(timer, &ticks, 8) == 8 && ticks >= 5);
    CHECK(read(timer, &ticks, 4) == -1 && errno == EINVAL);
    close(timer);
    puts("timers with descriptors");
}

int main(void)
{
    setvbuf(stdout, NULL, _IONBF, 0);
    clocks();
    sleeping();
    interval_timers();
    posix_timers();
    descriptor_timers();
    struct rusage usage;
    struct tms times_used;
    CHECK(getrusage(RUSAGE_SELF, &usage) == 0 && usage.ru_utime.tv_sec * 1000000 + usage.ru_utime.tv_usec > 0);
    CHECK(times(&times_used) != (clock_t)-1 && clock() > 0);
    puts("accounts of time used");
    return 0;
}
