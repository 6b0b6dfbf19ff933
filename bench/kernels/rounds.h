// What every kernel shares: it is started once. For each line on standard input, which names a number of operations, it
// runs a round and answers with "NANOSECONDS OPERATIONS" on standard output, so that rounds of several machines can
// take turns.
// A kernel that finds its own answer wrong says so on standard error and exits with 1.
#pragma once
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

struct round {
    uint64_t nanoseconds;
    uint64_t operations;
};

typedef struct round (*kernel_round)(uint64_t operations);

static inline uint64_t now_ns(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (uint64_t)now.tv_sec * 1000000000u + (uint64_t)now.tv_nsec;
}

// Keeps the compiler from computing a value at another time, or not at all.
#define keep(value) __asm__ volatile("" : "+r,m"(value) : : "memory")

static inline void require(int holds, const char *what)
{
    if (holds)
        return;
    fprintf(stderr, "wrong answer: %s\n", what);
    exit(1);
}

static inline int serve(kernel_round run)
{
    char line[32];
    while (fgets(line, sizeof line, stdin)) {
        struct round result = run(strtoull(line, 0, 10));
        printf("%llu %llu\n", (unsigned long long)result.nanoseconds, (unsigned long long)result.operations);
        fflush(stdout);
    }
    return 0;
}
