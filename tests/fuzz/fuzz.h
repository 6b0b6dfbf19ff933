// What the fuzz programs share: a seeded generator, raw system calls, and a way back from anything they do to themselves.
// Nothing here may use thread-local storage: the programs break their own FS base.
#pragma once
#include <fcntl.h>
#include <linux/futex.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <time.h>
#include <ucontext.h>
#include <unistd.h>

typedef uint64_t u64;
typedef uint32_t u32;
typedef uint8_t u8;

#define NOISE __attribute__((unused)) static

// splitmix64: one word of state, every seed is good.
NOISE u64 next(u64 *state) {
    u64 z = *state += 0x9e3779b97f4a7c15;
    z = (z ^ z >> 30) * 0xbf58476d1ce4e5b9;
    z = (z ^ z >> 27) * 0x94d049bb133111eb;
    return z ^ z >> 31;
}

NOISE u64 below(u64 *state, u64 bound) { return next(state) % bound; }

NOISE long raw(long number, u64 a, u64 b, u64 c, u64 d, u64 e, u64 f) {
    long result;
    register u64 r10 __asm__("r10") = d;
    register u64 r8 __asm__("r8") = e;
    register u64 r9 __asm__("r9") = f;
    __asm__ volatile("syscall" : "=a"(result) : "0"(number), "D"(a), "S"(b), "d"(c), "r"(r10), "r"(r8), "r"(r9) : "rcx", "r11", "memory");
    return result;
}

NOISE u64 now_ms(void) {
    struct timespec t;
    raw(SYS_clock_gettime, CLOCK_MONOTONIC, (u64)&t, 0, 0, 0, 0);
    return (u64)t.tv_sec * 1000 + (u64)t.tv_nsec / 1000000;
}

NOISE void sleep_ms(u64 ms) {
    struct timespec t = {(time_t)(ms / 1000), (long)(ms % 1000) * 1000000};
    raw(SYS_nanosleep, (u64)&t, 0, 0, 0, 0, 0);
}

// Standard output and input live on at numbers that no random call names; standard error stays, for what Weft itself says.
enum { OUT = 777, IN = 778 };

NOISE void say(const char *text) { raw(SYS_write, OUT, (u64)text, strlen(text), 0, 0, 0); }

NOISE void keep_streams(void) {
    if (dup2(1, OUT) != OUT || dup2(0, IN) != IN) {
        perror("dup2");
        _exit(2);
    }
    int null = open("/dev/null", O_RDWR);
    for (int i = 0; i < 2 && null >= 0; i++)
        dup2(null, i);
    close(null);
}

// Where a thread goes on after whatever it did to itself. The handler finds it by its alternate stack.
enum { THREADS = 16, STACK = 1 << 16 };
struct way_back {
    u64 rbx, rbp, r12, r13, r14, r15, rsp, rip, fs;
    atomic_int armed;
};
static struct way_back ways_back[THREADS];
static u8 alternate[THREADS][STACK] __attribute__((aligned(4096)));
static atomic_ulong recovered;

// Returns 0 at first, 1 when the thread came back from a signal.
__attribute__((naked, noinline, returns_twice, unused)) static int mark(__attribute__((unused)) struct way_back *to) {
    __asm__ volatile(
        "mov %rbx, 0(%rdi)\n mov %rbp, 8(%rdi)\n mov %r12, 16(%rdi)\n mov %r13, 24(%rdi)\n"
        "mov %r14, 32(%rdi)\n mov %r15, 40(%rdi)\n lea 8(%rsp), %rax\n mov %rax, 48(%rdi)\n"
        "mov (%rsp), %rax\n mov %rax, 56(%rdi)\n xor %eax, %eax\n ret");
}

// Any signal: back to the mark when one is set; a mere interruption else.
NOISE void come_back(int number, siginfo_t *info, void *context) {
    u64 here = (u64)__builtin_frame_address(0) - (u64)alternate;
    struct way_back *to = here < sizeof alternate ? &ways_back[here / STACK] : 0;
    ucontext_t *was = context;
    if (!to || !to->armed) {
        if (number == SIGSEGV || number == SIGBUS || number == SIGILL || number == SIGFPE || number == SIGTRAP) {
            char line[160];
            snprintf(line, sizeof line, "fuzz: signal %d outside of what was being tried, rip %llx address %llx\n", number,
                (unsigned long long)was->uc_mcontext.gregs[REG_RIP], (unsigned long long)info->si_addr);
            say(line);
            raw(SYS_exit_group, 3, 0, 0, 0, 0, 0);
        }
        return;
    }
    recovered++;
    to->armed = 0;
    greg_t *r = was->uc_mcontext.gregs;
    r[REG_RBX] = (greg_t)to->rbx, r[REG_RBP] = (greg_t)to->rbp, r[REG_R12] = (greg_t)to->r12, r[REG_R13] = (greg_t)to->r13;
    r[REG_R14] = (greg_t)to->r14, r[REG_R15] = (greg_t)to->r15, r[REG_RSP] = (greg_t)to->rsp, r[REG_RIP] = (greg_t)to->rip;
    r[REG_RAX] = 1;
    r[REG_EFL] = 0x202;
    // cs and ss as a program's, whatever was tried with them.
    r[REG_CSGSFS] = (greg_t)((u64)r[REG_CSGSFS] & 0x0000ffffffff0000) | 0x33 | (greg_t)(0x2bull << 48);
    was->uc_mcontext.fpregs = 0;
    memset(&was->uc_sigmask, 0, sizeof was->uc_sigmask);
}

struct kernel_action {
    void (*handler)(int, siginfo_t *, void *);
    unsigned long flags;
    void (*restorer)(void);
    u64 mask;
};

__attribute__((naked, unused)) static void restorer(void) {
    // Again when it comes back: a forged post may have answered it.
    __asm__ volatile("0: mov $15, %eax\n syscall\n jmp 0b");
}

NOISE void catch_all(void) {
    for (int number = 1; number <= 64; number++) {
        // 0x04000000 is SA_RESTORER, which libc's headers hide.
        struct kernel_action action = {come_back, SA_SIGINFO | SA_ONSTACK | SA_NODEFER | 0x04000000, restorer, 0};
        raw(SYS_rt_sigaction, (u64)number, (u64)&action, 0, 8, 0, 0);
    }
}

NOISE void use_alternate_stack(int thread) {
    stack_t stack = {.ss_sp = alternate[thread], .ss_size = STACK};
    raw(SYS_sigaltstack, (u64)&stack, 0, 0, 0, 0, 0);
    u64 none = 0;
    raw(SYS_rt_sigprocmask, SIG_SETMASK, (u64)&none, 0, 8, 0, 0);
}

// Ordinary work with known answers, done at the end: whoever lost memory or registers fails here.
NOISE int works(void) {
    enum { BYTES = 1 << 20 };
    u64 state = 42, sum = 0;
    u64 *words = mmap(0, BYTES, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    if (words == MAP_FAILED)
        return say("no memory\n"), 0;
    for (int i = 0; i < BYTES / 8; i++)
        if (words[i])
            return say("memory not zero\n"), 0;
    for (int i = 0; i < BYTES / 8; i++)
        words[i] = next(&state);
    int pipe_ends[2];
    if (raw(SYS_pipe2, (u64)pipe_ends, 0, 0, 0, 0, 0))
        return say("no pipe\n"), 0;
    u8 chunk[4096];
    for (int i = 0; i < BYTES / 4096; i++) {
        if (raw(SYS_write, (u64)pipe_ends[1], (u64)words + (u64)i * 4096, 4096, 0, 0, 0) != 4096)
            return say("pipe takes nothing\n"), 0;
        if (raw(SYS_read, (u64)pipe_ends[0], (u64)chunk, 4096, 0, 0, 0) != 4096 || memcmp(chunk, (u8 *)words + i * 4096, 4096))
            return say("pipe gives something else\n"), 0;
    }
    raw(SYS_close, (u64)pipe_ends[0], 0, 0, 0, 0, 0);
    raw(SYS_close, (u64)pipe_ends[1], 0, 0, 0, 0, 0);
    for (int i = 0; i < BYTES / 8; i++)
        sum = sum * 31 + words[i];
    munmap(words, BYTES);
    state = 42;
    u64 expected = 0;
    for (int i = 0; i < BYTES / 8; i++)
        expected = expected * 31 + next(&state);
    return sum == expected;
}

// Tells the test outside that all is quiet, and waits until it has measured.
NOISE void pause_for_measurement(int round) {
    char line[64];
    snprintf(line, sizeof line, "quiet %d\n", round);
    say(line);
    raw(SYS_read, IN, (u64)line, 1, 0, 0, 0);
}
