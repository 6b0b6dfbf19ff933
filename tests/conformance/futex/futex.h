#pragma once
#include "check.h"
#include <linux/futex.h>

static inline long futex(void *word, int op, unsigned value, const void *timeout, void *word2, unsigned value3)
{
    return syscall(SYS_futex, word, op, value, timeout, word2, value3);
}

// Threads that wait on a word and note what the call answered.
struct waiter {
    pthread_t thread;
    atomic_uint *word;
    unsigned value, bits;
    int op;
    atomic_int tid;
    atomic_int done;
    long result;
    int error;
    bool endless; // no timeout
};

__attribute__((unused)) static void *waiter_body(void *argument)
{
    struct waiter *w = argument;
    struct timespec limit;
    atomic_store(&w->tid, (int)syscall(SYS_gettid));
    if ((w->op & FUTEX_CMD_MASK) == FUTEX_WAIT_BITSET) {
        clock_gettime(CLOCK_MONOTONIC, &limit);
        limit.tv_sec += 5;
    } else {
        limit = (struct timespec){ 5, 0 };
    }
    w->result = futex(w->word, w->op, w->value, w->endless ? NULL : &limit, NULL, w->bits);
    w->error = errno;
    atomic_store(&w->done, 1);
    return NULL;
}

// Starts a waiter and returns when it has fallen asleep.
__attribute__((unused)) static bool waiter_start(struct waiter *w, atomic_uint *word, int op, unsigned value, unsigned bits)
{
    bool endless = w->endless;
    memset(w, 0, sizeof *w);
    w->endless = endless;
    w->word = word;
    w->op = op;
    w->value = value;
    w->bits = bits;
    return pthread_create(&w->thread, NULL, waiter_body, w) == 0 && EVENTUALLY(atomic_load(&w->tid) != 0) && settled(w->tid);
}
