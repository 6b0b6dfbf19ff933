// Touches memory and tells which signal that raised, if any. One thread at a time.
#pragma once
#include "check.h"
#include <setjmp.h>

struct fault {
    int signal; // 0: the access went through
    int code;
    char *address;
};

static sigjmp_buf fault_return;
static struct fault fault_seen;

__attribute__((unused)) static void fault_handler(int number, siginfo_t *info, void *context)
{
    (void)context;
    fault_seen.signal = number;
    fault_seen.code = info->si_code;
    fault_seen.address = info->si_addr;
    siglongjmp(fault_return, 1);
}

// Runs a statement and leaves in fault_seen what it raised.
#define FAULTING(STATEMENT)                                                            \
    ({                                                                                 \
        static const int fault_signals[] = { SIGSEGV, SIGBUS, SIGFPE, SIGILL, SIGTRAP }; \
        struct sigaction fault_old[5], fault_new;                                      \
        memset(&fault_new, 0, sizeof fault_new);                                       \
        fault_new.sa_sigaction = fault_handler;                                        \
        fault_new.sa_flags = SA_SIGINFO;                                               \
        for (int fault_i = 0; fault_i < 5; fault_i++)                                  \
            sigaction(fault_signals[fault_i], &fault_new, &fault_old[fault_i]);        \
        memset(&fault_seen, 0, sizeof fault_seen);                                     \
        if (sigsetjmp(fault_return, 1) == 0) {                                         \
            STATEMENT;                                                                 \
        }                                                                              \
        for (int fault_i = 0; fault_i < 5; fault_i++)                                  \
            sigaction(fault_signals[fault_i], &fault_old[fault_i], NULL);              \
        fault_seen;                                                                    \
    })

__attribute__((unused)) static struct fault fault_read(volatile void *address)
{
    return FAULTING((void)*(volatile char *)address);
}

__attribute__((unused)) static struct fault fault_write(volatile void *address)
{
    return FAULTING(*(volatile char *)address = 1);
}

__attribute__((unused)) static struct fault fault_call(void *address)
{
    return FAULTING(((void (*)(void))address)());
}
