// Signals: what a handler is told, where it runs, what it may do, and what the interrupted call does after it.
#include "check.h"
#include <fcntl.h>
#include <pthread.h>
#include <setjmp.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdint.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <time.h>
#include <ucontext.h>

static volatile sig_atomic_t hits, depth, deepest;
static siginfo_t told;
static sigjmp_buf back;
static char *alternate;
enum { ALTERNATE_SIZE = 64 * 1024 };

static void install(int number, void (*handler)(int, siginfo_t *, void *), int flags)
{
    struct sigaction action = { .sa_sigaction = handler, .sa_flags = SA_SIGINFO | flags };
    sigemptyset(&action.sa_mask);
    CHECK(sigaction(number, &action, NULL) == 0);
}

static void count(int number, siginfo_t *info, void *context)
{
    (void)number;
    (void)context;
    told = *info;
    hits++;
}

static void jump_away(int number, siginfo_t *info, void *context)
{
    (void)context;
    told = *info;
    hits++;
    siglongjmp(back, number);
}

static void on_alternate(int number, siginfo_t *info, void *context)
{
    char here;
    (void)context;
    told = *info;
    hits = &here >= alternate && &here < alternate + ALTERNATE_SIZE;
    siglongjmp(back, number);
}

static int overflow(int n)
{
    volatile char frame[4096];
    frame[0] = (char)n;
    if (n < 0) // never, but the compiler doesn't know
        return 0;
    return overflow(n + 1) + frame[0];
}

static void faults(void)
{
    install(SIGSEGV, jump_away, 0);
    char *page = mmap(NULL, 4096, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    if (!sigsetjmp(back, 1))
        *(volatile char *)(page + 5) = 1;
    CHECK(told.si_signo == SIGSEGV && told.si_code == SEGV_ACCERR && told.si_addr == page + 5);
    munmap(page, 4096);
    if (!sigsetjmp(back, 1))
        (void)*(volatile char *)(page + 7);
    CHECK(told.si_code == SEGV_MAPERR && told.si_addr == page + 7);
    install(SIGFPE, jump_away, 0);
    volatile int hundred = 100, zero = 0; // 1 / x would compile to comparisons
    if (!sigsetjmp(back, 1))
        hits += hundred / zero;
    CHECK(told.si_signo == SIGFPE && told.si_code == FPE_INTDIV);
    install(SIGILL, jump_away, 0);
    if (!sigsetjmp(back, 1))
        __asm__ volatile("ud2");
    CHECK(told.si_signo == SIGILL);
    install(SIGBUS, jump_away, 0);
    FILE *file = tmpfile();
    char *beyond = mmap(NULL, 4096, PROT_READ, MAP_SHARED, fileno(file), 0);
    if (!sigsetjmp(back, 1))
        (void)*(volatile char *)beyond;
    CHECK(told.si_signo == SIGBUS && told.si_code == BUS_ADRERR && told.si_addr == beyond);
    puts("faults told with address and code");
}

// A handler that mends what faulted and returns to the same instruction; and one that moves RIP.
static char *lazy;

static void mend(int number, siginfo_t *info, void *context)
{
    (void)number;
    (void)context;
    hits++;
    CHECK(mprotect((void *)((uintptr_t)info->si_addr & ~4095UL), 4096, PROT_READ | PROT_WRITE) == 0);
}

static void skip(int number, siginfo_t *info, void *context)
{
    (void)number;
    (void)info;
    ucontext_t *ucontext = context;
    ucontext->uc_mcontext.gregs[REG_RIP] += 2; // the length of ud2
    ucontext->uc_mcontext.gregs[REG_RAX] = 77;
    hits++;
}

static void mending(void)
{
    lazy = mmap(NULL, 64 * 4096, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    install(SIGSEGV, mend, 0);
    hits = 0;
    for (int i = 0; i < 64; i++)
        lazy[i * 4096 + i] = (char)i;
    CHECK(hits == 64 && lazy[63 * 4096 + 63] == 63);
    install(SIGILL, skip, 0);
    hits = 0;
    long rax = 0;
    __asm__ volatile("ud2" : "+a"(rax));
    CHECK(hits == 1 && rax == 77);
    puts("handlers mend memory and registers");
}

static void alternate_stack(void)
{
    alternate = mmap(NULL, ALTERNATE_SIZE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    stack_t stack = { .ss_sp = alternate, .ss_size = ALTERNATE_SIZE }, old;
    CHECK(sigaltstack(&stack, NULL) == 0);
    install(SIGSEGV, on_alternate, SA_ONSTACK);
    for (int i = 0; i < 5; i++) {
        hits = 0;
        if (!sigsetjmp(back, 1))
            overflow(0);
        CHECK(hits == 1);
        CHECK(sigaltstack(NULL, &old) == 0 && old.ss_flags == 0);
    }
    stack.ss_flags = SS_DISABLE;
    CHECK(sigaltstack(&stack, NULL) == 0);
    puts("stack overflow handled on the alternate stack, five times over");
}

static void nest(int number, siginfo_t *info, void *context)
{
    (void)info;
    (void)context;
    depth++;
    if (depth > deepest)
        deepest = depth;
    if (depth < 20)
        raise(number == SIGUSR1 ? SIGUSR2 : SIGUSR1);
    depth--;
    hits++;
}

static volatile sig_atomic_t queued, last_queued;

static void count_queued(int number, siginfo_t *info, void *context)
{
    count(number, info, context);
    CHECK(info->si_code == SI_QUEUE && info->si_value.sival_int == 100 + queued);
    last_queued = info->si_value.sival_int;
    queued++;
}

static void nesting(void)
{
    install(SIGUSR1, nest, SA_NODEFER);
    install(SIGUSR2, nest, SA_NODEFER);
    hits = deepest = 0;
    raise(SIGUSR1);
    CHECK(hits == 20 && deepest == 20 && depth == 0);
    install(SIGUSR1, count, 0);
    sigset_t set, old, pending;
    sigemptyset(&set);
    sigaddset(&set, SIGUSR1);
    sigaddset(&set, SIGRTMIN);
    sigprocmask(SIG_BLOCK, &set, &old);
    install(SIGRTMIN, count_queued, 0);
    hits = 0;
    for (int i = 0; i < 5; i++) {
        kill(getpid(), SIGUSR1); // merges into one
        union sigval value = { .sival_int = 100 + i };
        CHECK(sigqueue(getpid(), SIGRTMIN, value) == 0); // queues each
    }
    sigpending(&pending);
    CHECK(sigismember(&pending, SIGUSR1) && sigismember(&pending, SIGRTMIN) && hits == 0);
    sigprocmask(SIG_SETMASK, &old, NULL);
    // SIGUSR1 gets its frame first; SIGRTMIN's then lie on top of it one after the other, and so run before it.
    CHECK(hits == 6 && queued == 5 && last_queued == 104);
    CHECK(told.si_signo == SIGUSR1 && told.si_code == SI_USER && told.si_pid == getpid());
    puts("nesting, blocking and queueing");
}

static void *interrupt_later(void *thread)
{
    for (int i = 0; i < 3; i++) {
        struct timespec pause = { 0, 30000000 };
        nanosleep(&pause, NULL);
        pthread_kill(*(pthread_t *)thread, SIGUSR1);
    }
    return NULL;
}

static void *write_later(void *end)
{
    struct timespec pause = { 0, 250000000 };
    nanosleep(&pause, NULL);
    CHECK(write(*(int *)end, "x", 1) == 1);
    return NULL;
}

static void restarting(void)
{
    int ends[2];
    char byte;
    CHECK(pipe(ends) == 0);
    pthread_t self = pthread_self(), one, two;
    install(SIGUSR1, count, SA_RESTART);
    hits = 0;
    pthread_create(&one, NULL, interrupt_later, &self);
    pthread_create(&two, NULL, write_later, &ends[1]);
    CHECK(read(ends[0], &byte, 1) == 1 && hits == 3);
    pthread_join(one, NULL);
    pthread_join(two, NULL);
    install(SIGUSR1, count, 0);
    hits = 0;
    pthread_create(&one, NULL, interrupt_later, &self);
    CHECK(read(ends[0], &byte, 1) == -1 && errno == EINTR && hits >= 1);
    pthread_join(one, NULL);
    struct timespec long_time = { 10, 0 }, left = { 0 };
    install(SIGUSR1, count, SA_RESTART); // which nanosleep ignores
    pthread_create(&one, NULL, interrupt_later, &self);
    CHECK(nanosleep(&long_time, &left) == -1 && errno == EINTR && left.tv_sec == 9);
    pthread_join(one, NULL);
    puts("SA_RESTART restarts what may be restarted");
}

// A handler that never returns, many times: each leaves its frame behind by jumping.
static void never_returning(void)
{
    install(SIGUSR1, jump_away, 0);
    hits = 0;
    for (volatile int i = 0; i < 1000; i++)
        if (!sigsetjmp(back, 1))
            raise(SIGUSR1);
    CHECK(hits == 1000);
    puts("a thousand handlers that never returned");
}

static atomic_int thread_hits[4];
static atomic_int ready;
static _Thread_local int me;

static void count_mine(int number)
{
    (void)number;
    atomic_fetch_add(&thread_hits[me], 1);
}

static void *spin_or_sleep(void *argument)
{
    me = (int)(intptr_t)argument;
    atomic_fetch_add(&ready, 1);
    while (atomic_load(&thread_hits[me]) < 50)
        if (me % 2)
            usleep(1000);
    return NULL;
}

static void to_threads(void)
{
    struct sigaction action = { .sa_handler = count_mine };
    sigaction(SIGUSR2, &action, NULL);
    pthread_t threads[4];
    for (intptr_t i = 0; i < 4; i++)
        pthread_create(&threads[i], NULL, spin_or_sleep, (void *)i);
    while (ready < 4)
        usleep(1000);
    for (int i = 0; i < 4; i++)
        for (int n = 1; n <= 50; n++) {
            pthread_kill(threads[i], SIGUSR2);
            while (atomic_load(&thread_hits[i]) < n)
                usleep(100);
        }
    for (int i = 0; i < 4; i++)
        pthread_join(threads[i], NULL);
    for (int i = 0; i < 4; i++)
        CHECK(thread_hits[i] == 50);
    puts("signals reach the thread they are sent to, in a loop or asleep");
}

static void waiting(void)
{
    sigset_t set;
    sigemptyset(&set);
    sigaddset(&set, SIGTERM);
    sigaddset(&set, SIGRTMIN + 3);
    sigprocmask(SIG_BLOCK, &set, NULL);
    kill(getpid(), SIGTERM);
    siginfo_t info;
    CHECK(sigwaitinfo(&set, &info) == SIGTERM && info.si_code == SI_USER && info.si_pid == getpid());
    struct timespec brief = { 0, 10000000 };
    CHECK(sigtimedwait(&set, &info, &brief) == -1 && errno == EAGAIN);
    int number;
    union sigval value = { .sival_int = 5 };
    sigqueue(getpid(), SIGRTMIN + 3, value);
    CHECK(sigwait(&set, &number) == 0 && number == SIGRTMIN + 3);
    install(SIGALRM, count, 0);
    sigset_t none;
    sigemptyset(&none);
    hits = 0;
    alarm(1);
    CHECK(sigsuspend(&none) == -1 && errno == EINTR && hits == 1 && told.si_signo == SIGALRM);
    puts("waiting for signals");
}

int main(void)
{
    setvbuf(stdout, NULL, _IONBF, 0);
    faults();
    mending();
    alternate_stack();
    nesting();
    restarting();
    never_returning();
    to_threads();
    waiting();
    return 0;
}
