// Threads made by the raw clone calls, below glibc: their body must use nothing but raw() and plain memory.
#pragma once
#include "check.h"
#include <linux/futex.h>
#include <linux/sched.h>

__attribute__((unused)) static long raw(long number, long a, long b, long c, long d)
{
    register long r10 __asm__("r10") = d;
    long result;
    __asm__ volatile("syscall" : "=a"(result) : "a"(number), "D"(a), "S"(b), "d"(c), "r"(r10) : "rcx", "r11", "memory");
    return result;
}

#define THREAD_FLAGS (CLONE_VM | CLONE_FS | CLONE_FILES | CLONE_SIGHAND | CLONE_THREAD | CLONE_SYSVSEM)

struct raw_thread {
    int (*body)(void *);
    void *argument;
    char *stack;
    atomic_int ctid; // cleared by the kernel where CLONE_CHILD_CLEARTID is asked
};

#define RAW_STACK (16 * PAGE)

// Starts a thread with clone; returns its id or -errno.
__attribute__((unused)) static long raw_start(struct raw_thread *t, unsigned long flags, int *parent_tid, void *tls)
{
    t->stack = anon_pages(16, PROT_READ | PROT_WRITE);
    void **top = (void **)(t->stack + RAW_STACK) - 4;
    top[0] = (void *)t->body;
    top[1] = t->argument;
    register long r10 __asm__("r10") = (long)&t->ctid;
    register long r8 __asm__("r8") = (long)tls;
    long result;
    __asm__ volatile("syscall\n\t"
                     "test %%rax, %%rax\n\t"
                     "jnz 1f\n\t"
                     "xor %%ebp, %%ebp\n\t"
                     "pop %%rax\n\t"
                     "pop %%rdi\n\t"
                     "call *%%rax\n\t"
                     "mov %%eax, %%edi\n\t"
                     "mov $60, %%eax\n\t"
                     "syscall\n\t"
                     "1:"
                     : "=a"(result)
                     : "a"(SYS_clone), "D"(flags), "S"(top), "d"(parent_tid), "r"(r10), "r"(r8)
                     : "rcx", "r11", "memory");
    return result;
}

// The same through clone3, with the stack as base and size.
__attribute__((unused)) static long raw_start3(struct raw_thread *t, struct clone_args *arguments, size_t size)
{
    t->stack = anon_pages(16, PROT_READ | PROT_WRITE);
    void **top = (void **)(t->stack + RAW_STACK) - 4;
    top[0] = (void *)t->body;
    top[1] = t->argument;
    arguments->stack = (uint64_t)t->stack;
    arguments->stack_size = RAW_STACK - 4 * sizeof(void *);
    long result;
    __asm__ volatile("syscall\n\t"
                     "test %%rax, %%rax\n\t"
                     "jnz 1f\n\t"
                     "xor %%ebp, %%ebp\n\t"
                     "pop %%rax\n\t"
                     "pop %%rdi\n\t"
                     "call *%%rax\n\t"
                     "mov %%eax, %%edi\n\t"
                     "mov $60, %%eax\n\t"
                     "syscall\n\t"
                     "1:"
                     : "=a"(result)
                     : "a"(SYS_clone3), "D"(arguments), "S"(size)
                     : "rcx", "rdx", "r8", "r9", "r10", "r11", "memory");
    return result;
}

// Waits on the cleared tid as pthread_join does; false when it never clears.
__attribute__((unused)) static bool raw_join(struct raw_thread *t)
{
    int64_t end = now_ns() + 5000000000LL;
    int seen;
    while ((seen = atomic_load(&t->ctid)) != 0 && now_ns() < end) {
        struct timespec wait = { 0, 100000000 };
        syscall(SYS_futex, &t->ctid, FUTEX_WAIT, seen, &wait, NULL, 0);
    }
    if (seen == 0)
        munmap(t->stack, RAW_STACK);
    return seen == 0;
}
