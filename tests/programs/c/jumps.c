// setjmp and longjmp, with and without the signal mask, from deep frames and threads; and contexts that switch stacks.
#include "check.h"
#include <pthread.h>
#include <setjmp.h>
#include <signal.h>
#include <stdint.h>
#include <ucontext.h>

static jmp_buf plain;
static sigjmp_buf masked;
static ucontext_t scheduler, fibers[4];
static char stacks[4][65536];
static int steps[4];

static void dive(int depth)
{
    volatile double kept = depth * 1.5;
    if (depth == 0)
        longjmp(plain, 3);
    else if (depth > 0)
        dive(depth - 1);
    CHECK(kept == depth * 1.5);
}

static void fiber(int number)
{
    for (double x = number; steps[number] < 1000; steps[number]++, x *= 1.001)
        swapcontext(&fibers[number], &scheduler);
}

static void *jump_in_thread(void *argument)
{
    jmp_buf own;
    volatile long count = 0;
    while (setjmp(own) < 10000) {
        count++;
        if (count == 10000)
            break;
        longjmp(own, (int)count);
    }
    return (void *)(count + (long)(intptr_t)argument);
}

int main(void)
{
    volatile int jumps = 0;
    if (setjmp(plain) != 3 || ++jumps < 100)
        dive(jumps);
    printf("jumps %d\n", jumps);

    sigset_t set, now;
    sigemptyset(&set);
    sigaddset(&set, SIGUSR1);
    if (!sigsetjmp(masked, 1)) {
        sigprocmask(SIG_BLOCK, &set, NULL);
        siglongjmp(masked, 1);
    }
    sigprocmask(SIG_BLOCK, NULL, &now);
    printf("mask restored %d\n", !sigismember(&now, SIGUSR1));

    for (int i = 0; i < 4; i++) {
        getcontext(&fibers[i]);
        fibers[i].uc_stack.ss_sp = stacks[i];
        fibers[i].uc_stack.ss_size = sizeof stacks[i];
        fibers[i].uc_link = &scheduler;
        makecontext(&fibers[i], (void (*)(void))fiber, 1, i);
    }
    for (int turn = 0; turn <= 1000; turn++)
        for (int i = 0; i < 4; i++)
            swapcontext(&scheduler, &fibers[i]);
    printf("fibers %d %d %d %d\n", steps[0], steps[1], steps[2], steps[3]);

    pthread_t threads[4];
    long sum = 0;
    for (intptr_t i = 0; i < 4; i++)
        pthread_create(&threads[i], NULL, jump_in_thread, (void *)i);
    for (int i = 0; i < 4; i++) {
        void *result;
        pthread_join(threads[i], &result);
        sum += (long)(intptr_t)result;
    }
    printf("threads %ld\n", sum);
    return 0;
}
