// Signals among threads: who gets them, masks inherited, suspension as a garbage collector does it, interruption of code.
#include "check.h"
#include <semaphore.h>

static sem_t ready, go;
static atomic_int count;
static pthread_t handled_by;

static void note(int number)
{
    (void)number;
    handled_by = pthread_self();
    atomic_fetch_add(&count, 1);
}

static void use(int number, void (*f)(int))
{
    struct sigaction a = { .sa_handler = f };
    sigaction(number, &a, NULL);
    atomic_store(&count, 0);
    sem_init(&ready, 0, 0);
    sem_init(&go, 0, 0);
}

static void wait_for(sem_t *s)
{
    while (sem_wait(s) == -1 && errno == EINTR)
        ;
}

static void *idle(void *p)
{
    sem_post(&ready);
    wait_for(&go);
    return p;
}

TEST(pthread_kill_reaches_that_thread)
{
    pthread_t t;
    use(SIGUSR1, note);
    REQUIRE(pthread_create(&t, NULL, idle, NULL) == 0);
    wait_for(&ready);
    EXPECT_EQ(pthread_kill(t, SIGUSR1), 0);
    EXPECT(EVENTUALLY(count == 1));
    EXPECT(pthread_equal(handled_by, t));
    sem_post(&go);
    pthread_join(t, NULL);
}

static volatile long spins;
static atomic_int stop;
static void *spin(void *p)
{
    sem_post(&ready);
    while (!atomic_load(&stop))
        spins++;
    return p;
}

TEST(a_spinning_thread_is_interrupted)
{
    pthread_t t;
    use(SIGUSR1, note);
    atomic_store(&stop, 0);
    REQUIRE(pthread_create(&t, NULL, spin, NULL) == 0);
    wait_for(&ready);
    for (int i = 1; i <= 20; i++) {
        EXPECT_EQ(pthread_kill(t, SIGUSR1), 0);
        EXPECT(EVENTUALLY(count == i));
    }
    EXPECT(pthread_equal(handled_by, t));
    atomic_store(&stop, 1);
    pthread_join(t, NULL);
}

TEST(a_process_signal_goes_to_a_thread_that_has_it_open)
{
    pthread_t t;
    sigset_t s;
    use(SIGUSR1, note);
    REQUIRE(pthread_create(&t, NULL, idle, NULL) == 0);
    wait_for(&ready);
    sigemptyset(&s);
    sigaddset(&s, SIGUSR1);
    pthread_sigmask(SIG_BLOCK, &s, NULL);
    kill(getpid(), SIGUSR1);
    EXPECT(EVENTUALLY(count == 1));
    EXPECT(pthread_equal(handled_by, t));
    pthread_sigmask(SIG_UNBLOCK, &s, NULL);
    EXPECT_EQ(count, 1);
    sem_post(&go);
    pthread_join(t, NULL);
}

static void *report_mask(void *p)
{
    sigset_t s;
    (void)p;
    pthread_sigmask(SIG_BLOCK, NULL, &s);
    return (void *)(intptr_t)(sigismember(&s, SIGUSR2) * 2 + sigismember(&s, SIGUSR1));
}

TEST(the_mask_is_inherited_pending_signals_are_not)
{
    pthread_t t;
    void *r;
    sigset_t s, p;
    use(SIGUSR2, note);
    sigemptyset(&s);
    sigaddset(&s, SIGUSR2);
    pthread_sigmask(SIG_BLOCK, &s, NULL);
    raise(SIGUSR2);
    REQUIRE(pthread_create(&t, NULL, report_mask, NULL) == 0);
    pthread_join(t, &r);
    EXPECT_EQ(r, 2);
    sigpending(&p);
    EXPECT(sigismember(&p, SIGUSR2));
    pthread_sigmask(SIG_UNBLOCK, &s, NULL);
    EXPECT_EQ(count, 1);
}

static void *see_pending(void *unused)
{
    sigset_t p;
    (void)unused;
    sigpending(&p);
    return (void *)(intptr_t)(sigismember(&p, SIGUSR1) + 2 * sigismember(&p, SIGUSR2));
}

TEST(process_signals_are_pending_for_all_thread_signals_for_one)
{
    pthread_t t;
    void *r;
    sigset_t s;
    use(SIGUSR1, note);
    use(SIGUSR2, note);
    sigemptyset(&s);
    sigaddset(&s, SIGUSR1);
    sigaddset(&s, SIGUSR2);
    pthread_sigmask(SIG_BLOCK, &s, NULL);
    kill(getpid(), SIGUSR1);
    raise(SIGUSR2);
    REQUIRE(pthread_create(&t, NULL, see_pending, NULL) == 0);
    pthread_join(t, &r);
    EXPECT_EQ(r, 1);
    pthread_sigmask(SIG_UNBLOCK, &s, NULL);
    EXPECT_EQ(count, 2);
}

// ---- suspension, as .NET and Java do it: the handler waits for a second signal ----

static atomic_int suspended, resumed;

static void suspend(int number)
{
    sigset_t all;
    (void)number;
    sigfillset(&all);
    sigdelset(&all, SIGUSR2);
    atomic_fetch_add(&suspended, 1);
    sigsuspend(&all);
    atomic_fetch_add(&resumed, 1);
}

static void resume(int number) { (void)number; }

TEST(threads_can_be_suspended_and_resumed)
{
    pthread_t t[3];
    struct sigaction a = { .sa_handler = suspend };
    sigaddset(&a.sa_mask, SIGUSR2);
    use(SIGUSR2, resume);
    sigaction(SIGRTMIN, &a, NULL);
    atomic_store(&stop, 0);
    for (int i = 0; i < 3; i++)
        REQUIRE(pthread_create(&t[i], NULL, spin, NULL) == 0);
    for (int i = 0; i < 3; i++)
        wait_for(&ready);
    for (int round = 1; round <= 5; round++) {
        for (int i = 0; i < 3; i++)
            pthread_kill(t[i], SIGRTMIN);
        EXPECT(EVENTUALLY(suspended == 3 * round));
        long before = spins;
        sched_yield();
        EXPECT_EQ(spins - before, 0);
        for (int i = 0; i < 3; i++)
            pthread_kill(t[i], SIGUSR2);
        EXPECT(EVENTUALLY(resumed == 3 * round));
    }
    atomic_store(&stop, 1);
    for (int i = 0; i < 3; i++)
        pthread_join(t[i], NULL);
}

// ---- signals that arrive anywhere in code must not disturb it ----

static atomic_int disturbed;

static void scribble(int number)
{
    volatile double d[8];
    (void)number;
    for (int i = 0; i < 8; i++)
        d[i] = (i ? d[i - 1] : 0) * 1.5;
    atomic_fetch_add(&count, 1);
}

static void *compute(void *unused)
{
    (void)unused;
    sem_post(&ready);
    while (!atomic_load(&stop)) {
        double sum = 0;
        unsigned long mixed = 1;
        for (int i = 1; i <= 1000; i++) {
            sum += 1.0 / i;
            mixed = mixed * 6364136223846793005UL + (unsigned)i;
        }
        static double want_sum;
        static unsigned long want_mixed;
        if (want_mixed == 0) {
            want_sum = sum;
            want_mixed = mixed;
        }
        if (sum != want_sum || mixed != want_mixed)
            atomic_store(&disturbed, 1);
    }
    return NULL;
}

TEST(arithmetic_is_not_disturbed)
{
    pthread_t t;
    use(SIGUSR1, scribble);
    atomic_store(&stop, 0);
    REQUIRE(pthread_create(&t, NULL, compute, NULL) == 0);
    wait_for(&ready);
    for (int i = 1; i <= 200; i++) {
        pthread_kill(t, SIGUSR1);
        EXPECT(EVENTUALLY(count >= i));
    }
    atomic_store(&stop, 1);
    pthread_join(t, NULL);
    EXPECT_EQ(disturbed, 0);
}

static void *call_a_lot(void *unused)
{
    (void)unused;
    sem_post(&ready);
    while (!atomic_load(&stop)) {
        if (getppid() < 0 || syscall(SYS_getuid) != (long)getuid() || lseek(-1, 0, SEEK_SET) != -1 || errno != EBADF)
            atomic_store(&disturbed, 1);
    }
    return NULL;
}

TEST(system_calls_are_not_disturbed)
{
    pthread_t t;
    use(SIGUSR1, note);
    atomic_store(&stop, 0);
    atomic_store(&disturbed, 0);
    REQUIRE(pthread_create(&t, NULL, call_a_lot, NULL) == 0);
    wait_for(&ready);
    for (int i = 1; i <= 200; i++) {
        pthread_kill(t, SIGUSR1);
        EXPECT(EVENTUALLY(count >= i));
    }
    atomic_store(&stop, 1);
    pthread_join(t, NULL);
    EXPECT_EQ(disturbed, 0);
}

static int pipe_fds[2];
static void *copy_bytes(void *unused)
{
    long bad = 0;
    (void)unused;
    sem_post(&ready);
    for (int i = 0; i < 3000; i++) {
        unsigned char c = 0;
        ssize_t n;
        while ((n = read(pipe_fds[0], &c, 1)) == -1 && errno == EINTR)
            ;
        bad += n != 1 || c != (unsigned char)i;
    }
    return (void *)bad;
}

TEST(no_byte_is_lost_under_signals)
{
    pthread_t t;
    void *r;
    use(SIGUSR1, note);
    REQUIRE(pipe(pipe_fds) == 0 && pthread_create(&t, NULL, copy_bytes, NULL) == 0);
    wait_for(&ready);
    for (int i = 0; i < 3000; i++) {
        unsigned char c = (unsigned char)i;
        EXPECT_EQ(write(pipe_fds[1], &c, 1), 1);
        if (i % 10 == 0 && i < 2900)
            pthread_kill(t, SIGUSR1);
    }
    pthread_join(t, &r);
    EXPECT_EQ(r, 0);
    close(pipe_fds[0]);
    close(pipe_fds[1]);
}

TEST(thirty_two_signal_34s)
{
    // .NET suspends threads by tgkill with the first real-time signal.
    pthread_t t;
    use(SIGRTMIN, note);
    REQUIRE(pthread_create(&t, NULL, idle, NULL) == 0);
    wait_for(&ready);
    for (int i = 0; i < 32; i++)
        EXPECT_EQ(pthread_kill(t, SIGRTMIN), 0);
    EXPECT(EVENTUALLY(count == 32));
    sem_post(&go);
    pthread_join(t, NULL);
}

MAIN()
