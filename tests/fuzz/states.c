// Random states of the processor: random code, jumps anywhere (the VM's own entry stubs too), wild stack pointers, forged
// signal frames, forged posts in the pages through which the stub asks for system calls.
// Usage: states SEED MILLISECONDS alone|forge|die. The program may die of it, by a signal or by an exit of its own.
#include "values.h"
#include <asm/prctl.h>
#include <pthread.h>
#include <sys/time.h>

#define CODE 0x200000000000ull
#define CODE_BYTES (4 * PAGE)
#define STUBS 0x7fff80100000ull
#define STUB_STRIDE 0x4000ull

enum { RAX, RBX, RCX, RDX, RSI, RDI, RBP, R8, R9, R10, R11, R12, R13, R14, R15, RSP, RIP, FLAGS, REGISTERS };
__attribute__((used)) u64 registers[REGISTERS];
static u64 rng;
static u8 frame_template[8192];
static atomic_int want_template;

// Loads all registers and jumps; whoever comes back does so by a signal.
__attribute__((naked, noinline)) static void leap(void) {
    __asm__ volatile(
        "push registers+136(%rip)\n popfq\n"
        "mov registers(%rip), %rax\n mov registers+8(%rip), %rbx\n mov registers+16(%rip), %rcx\n mov registers+24(%rip), %rdx\n"
        "mov registers+32(%rip), %rsi\n mov registers+40(%rip), %rdi\n mov registers+48(%rip), %rbp\n mov registers+56(%rip), %r8\n"
        "mov registers+64(%rip), %r9\n mov registers+72(%rip), %r10\n mov registers+80(%rip), %r11\n mov registers+88(%rip), %r12\n"
        "mov registers+96(%rip), %r13\n mov registers+104(%rip), %r14\n mov registers+112(%rip), %r15\n mov registers+120(%rip), %rsp\n"
        "jmp *registers+128(%rip)");
}

__attribute__((naked, noinline)) static void landing(void) { __asm__ volatile("ud2"); }

// Instructions that the processor or Linux refuses to a program, or that touch what the VMM keeps for it.
static const char *const instructions[] = {
    "\xe4\x20", "\xe6\x20", "\xe5\x20", "\xe7\x20", "\xe6\x4e", "\xe6\x80", "\xec", "\xed", "\xee", "\xef", "\x6c", "\x6d", "\x6e", "\x6f",
    "\xf3\x6e", "\xf3\x6c", "\xf3\x6f", "\xf4", "\xfa", "\xfb", "\x9b", "\xcc", "\xcd\x80", "\xcd\x03", "\xcd\x0e", "\xcd\x08", "\xcd\xff", "\xf1", "\xce",
    "\x0f\x0b", "\x0f\x05", "\x0f\x34", "\x0f\x07", "\x0f\x35", "\xcf", "\x48\xcf", "\xcb", "\x48\xcb", "\x0f\x01\xd0", "\x0f\x01\xd1",
    "\x0f\x01\xf8", "\x0f\x01\xf9", "\x0f\x01\xc1", "\x0f\x01\xd9", "\x0f\x01\xc8", "\x0f\x01\xc9", "\x0f\x01\xca", "\x0f\x01\xd8", "\x0f\x01\xef",
    "\x0f\x01\x10", "\x0f\x01\x18", "\x0f\x01\x38", "\x0f\x01\x08", "\x0f\x01\x20", "\x0f\x00\xd8", "\x0f\x00\xd0", "\x0f\x00\xc8", "\x0f\x00\xc0",
    "\x0f\x20\xc0", "\x0f\x22\xc0", "\x0f\x20\xd8", "\x0f\x22\xd8", "\x0f\x22\xe0", "\x0f\x21\xf8", "\x0f\x23\xf8", "\x0f\x06", "\x0f\x08", "\x0f\x09",
    "\x0f\x30", "\x0f\x32", "\x0f\x33", "\x0f\x31", "\x0f\xa2", "\x0f\xaa", "\x0f\x78\xc0", "\x0f\x79\xc0", "\xf3\x0f\xc7\x30", "\x0f\xc7\x30",
    "\x8e\xd0", "\x8e\xd8", "\x8e\xc0", "\x8e\xe0", "\x8e\xe8", "\x0f\xa1", "\x0f\xa9", "\x9d", "\x9c", "\xf3\x48\x0f\xae\xd0", "\xf3\x48\x0f\xae\xd8",
    "\xf3\x48\x0f\xae\xc0", "\x0f\xae\x00", "\x0f\xae\x08", "\x0f\xae\x10", "\x0f\xae\x18", "\x0f\xae\x20", "\x0f\xae\x28", "\x48\x0f\xae\x28",
    "\x0f\xc7\x18", "\x0f\xc7\x28", "\xf0\x48\x0f\xc7\x09", "\xdd\x20", "\xd9\x20", "\xdb\xe3", "\xd9\xe8\xd9\xee\xde\xf9", "\xf7\xf0", "\x48\xf7\xf8",
    "\xff\x28", "\xff\x18", "\x48\xff\x28", "\xff\xe0", "\xff\xd0", "\xc3", "\xc2\x10\x00", "\xc8\x00\x10\x1f", "\xc9", "\xc4\xe1\x7c\x77",
    "\xc5\xfc\x77", "\x0f\x01\xee", "\x0f\x09", "\xf3\x90", "\xeb\xfe", "\xf3\xa4", "\xf3\xab", "\xf2\xae", "\x48\xcf\xcf", "\x65\x48\x8b\x00", "\x64\x48\x89\x00",
    "\x0f\x02\xc1", "\x0f\x03\xc1", "\x62\xf1\x7c\x48\x28\x00", "\x0f\xff", "\x0f\xb9\xc0", "\xd6", "\x06", "\x1e", "\x27", "\x9a", "\xea", "\x62",
};
enum { INSTRUCTIONS = sizeof instructions / sizeof *instructions };

static u64 a_register(void) {
    static const u64 selectors[] = {0x33, 0x2b, 0x10, 0x18, 0x23, 0x38, 0x7b, 0x0b, 0x40, 0x13, 0x1b};
    switch (below(&rng, 6)) {
    case 0:
        return next(&rng);
    case 1:
        return CODE + below(&rng, CODE_BYTES);
    case 2:
        return selectors[below(&rng, 11)];
    case 3:
        return below(&rng, 2) ? 0x20 : 0x40 + below(&rng, 32);
    default:
        return a_pointer(&rng);
    }
}

// Numbers of calls that end nothing and forget nothing that this program stands on.
static u64 a_number(void) {
    static const u64 numbers[] = {SYS_getpid, SYS_gettid, SYS_sched_yield, SYS_read, SYS_write, SYS_lseek, SYS_fstat, SYS_clock_gettime, SYS_getrandom,
        SYS_pread64, SYS_futex, SYS_getcwd, SYS_uname, SYS_mincore, SYS_poll, 400, 511, 512, 0x40000000, ~0ull, 1ull << 63};
    return numbers[below(&rng, sizeof numbers / sizeof *numbers)];
}

static void random_registers(void) {
    for (int i = 0; i < RIP; i++)
        registers[i] = a_register();
    if (below(&rng, 2))
        registers[RAX] = a_number();
    if (below(&rng, 2))
        registers[RSP] = ARENA + 65536 + below(&rng, 8192);
    registers[RIP] = CODE + below(&rng, 2 * PAGE);
    registers[FLAGS] = below(&rng, 4) ? 0x202 : next(&rng) & (below(&rng, 8) ? 0x240cd5 : 0x244dd5);
}

static void random_code(void) {
    u8 *code = (u8 *)CODE;
    u64 at = registers[RIP] - CODE, kind = below(&rng, 4);
    for (u64 i = at; i < at + 128;) {
        if (kind == 0) {
            u64 word = next(&rng);
            memcpy(code + i, &word, 8), i += 8;
        } else {
            const char *text = instructions[below(&rng, INSTRUCTIONS)];
            u64 length = strlen(text) ? strlen(text) : 1;
            memcpy(code + i, text, length), i += length;
            // A zero byte ends the text early: what follows is random, as a displacement or another instruction.
            if (!below(&rng, 4))
                code[i++] = (u8)next(&rng);
        }
    }
    if (kind == 3) { // a compiler's code, with bits flipped
        memcpy(code + at, (u8 *)(u64)qsort + below(&rng, 2048), 128);
        for (int i = 0; i < 8; i++)
            code[at + below(&rng, 128)] ^= (u8)(1u << below(&rng, 8));
    }
}

static void jump_anywhere(void) {
    static const u64 targets[] = {0, 8, 0x7fff80000000, 0x7fff80001000, 0x7fff80101000, 0x7fff80102000, 0x7fff7ffffffe, 0x7fffffffffff, 0x800000000000,
        0xffffffffff600000, 0xffffffff80000000, ARENA, ARENA + ARENA_BYTES - 1};
    u64 which = below(&rng, 4);
    if (which == 0)
        registers[RIP] = targets[below(&rng, sizeof targets / sizeof *targets)];
    else if (which == 1)
        registers[RIP] = 0x7fff80001000 + below(&rng, 33) * 16 + below(&rng, 3);
    else
        registers[RIP] = STUBS + (below(&rng, 2) ? 0 : below(&rng, 20)) * STUB_STRIDE + below(&rng, 0x108);
    registers[RAX] = a_number();
    registers[RCX] = below(&rng, 2) ? (u64)landing : a_register();
    registers[R11] = below(&rng, 2) ? 0x202 : next(&rng);
}

static void wild_stack(void) {
    static const char *const causes[] = {"\x0f\x0b", "\xcc", "\x8a\x00", "\x0f\x05\x0f\x0b", "\xf7\xf1", "\xf4", "\x50", "\x58", "\xc3", "\x9d", "\xcd\x80"};
    static const u64 stacks[] = {0, 8, 1, 0x7ff, ARENA + 1, ARENA + ARENA_BYTES, 0x7fff80000000, 0x7fff80100008, 0x7fff80101040, 0x7fff80103ff0,
        0x7fff80104000, 0x800000000000, 0x7ffffffffff8, 0xffff800000000000, 0xfffffffffffffff8, SAFE + 64, CODE + 4096};
    const char *cause = causes[below(&rng, sizeof causes / sizeof *causes)];
    memset((void *)registers[RIP], 0x0f, 16);
    strcpy((char *)registers[RIP], cause);
    registers[RSP] = stacks[below(&rng, sizeof stacks / sizeof *stacks)];
    registers[FLAGS] = 0x202;
}

static void forged_frame(void) {
    u64 at = ARENA + below(&rng, 16) * PAGE + (below(&rng, 3) ? below(&rng, 64) * 64 : below(&rng, 4096));
    u64 *frame = (u64 *)at;
    memcpy(frame, frame_template, sizeof frame_template);
    // Words of the frame: 22 is RIP (8 + 40 + 16 * 8), 29 the pointer to the vector state.
    frame[22] = (u64)landing;
    frame[29] = at + 448;
    u64 mutations = below(&rng, 12);
    for (u64 i = 0; i < mutations; i++) {
        u64 where = below(&rng, 3) ? below(&rng, 55) : below(&rng, sizeof frame_template / 8);
        frame[where] = below(&rng, 2) ? a_value(&rng) : next(&rng);
    }
    if (!below(&rng, 4)) // bits of the vector state and of what it says of itself
        for (int i = 0; i < 8; i++)
            ((u8 *)at)[448 + below(&rng, 2700)] ^= (u8)(1u << below(&rng, 8));
    // The mask and the alternate stack: without them nobody comes back to try more.
    frame[38] = 0;
    memcpy(frame + 3, (u64 *)frame_template + 3, 24);
    registers[RAX] = SYS_rt_sigreturn;
    registers[RSP] = at + 8;
    registers[FLAGS] = 0x202;
    memcpy((void *)registers[RIP], "\x0f\x05\x0f\x0b", 4);
}

static void take_template(int number, siginfo_t *info, void *context) {
    if (want_template) {
        want_template = 0;
        memcpy(frame_template, (u8 *)context - 8, 3500);
        return;
    }
    come_back(number, info, context);
}

static void reset(u64 fs) {
    raw(SYS_arch_prctl, ARCH_SET_FS, fs, 0, 0, 0, 0);
    // Selectors as a program starts with, the vector unit too.
    __asm__ volatile("xor %%eax, %%eax\n mov %%eax, %%ds\n mov %%eax, %%es\n fninit\n cld" ::: "rax");
    u32 control = 0x1f80;
    __asm__ volatile("ldmxcsr %0" ::"m"(control));
    use_alternate_stack(0);
    if (raw(SYS_mprotect, ARENA, ARENA_BYTES / 4, 3, 0, 0, 0))
        raw(SYS_mmap, ARENA, ARENA_BYTES / 4, 3, MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED, ~0ull, 0);
}

static u64 attempts;

static void alone(u64 until) {
    u64 fs;
    raw(SYS_arch_prctl, ARCH_GET_FS, (u64)&fs, 0, 0, 0, 0);
    static u64 kept_fs, kept_until;
    kept_fs = fs, kept_until = until;
    struct itimerval often = {{0, 15000}, {0, 15000}};
    setitimer(ITIMER_REAL, &often, 0);
    mark(&ways_back[0]);
    reset(kept_fs);
    while (now_ms() < kept_until) {
        attempts++;
        random_registers();
        switch (below(&rng, 5)) {
        case 0:
        case 1:
            random_code();
            break;
        case 2:
            jump_anywhere();
            break;
        case 3:
            wild_stack();
            break;
        default:
            forged_frame();
        }
        ways_back[0].armed = 1;
        leap();
    }
    ways_back[0].armed = 0;
    struct itimerval never = {{0, 0}, {0, 0}};
    setitimer(ITIMER_REAL, &never, 0);
    reset(kept_fs);
}

static atomic_int stop, running;
static atomic_ulong turns[THREADS];
static atomic_int ids[THREADS], done[THREADS];
static int pipes[2];

// A thread that makes honest calls while its page is being forged.
static void *caller(void *argument) {
    int index = (int)(long)argument;
    static u64 seeds[THREADS];
    seeds[index] = (u64)index;
    ids[index] = (int)raw(SYS_gettid, 0, 0, 0, 0, 0, 0);
    use_alternate_stack(index);
    mark(&ways_back[index]);
    while (!stop) {
        turns[index]++;
        ways_back[index].armed = 1;
        u8 buffer[64];
        switch (below(&seeds[index], 6)) {
        case 0:
            raw(SYS_getpid, 0, 0, 0, 0, 0, 0);
            break;
        case 1:
            raw(SYS_write, (u64)pipes[1], (u64)buffer, 8, 0, 0, 0);
            break;
        case 2:
            raw(SYS_read, (u64)pipes[0], (u64)buffer, 64, 0, 0, 0);
            break;
        case 3:
            raw(SYS_lseek, 0, 0, 0, 0, 0, 0);
            break;
        case 4:
            raw(SYS_sched_yield, 0, 0, 0, 0, 0, 0);
            break;
        default:
            raw(SYS_getcwd, (u64)buffer, 64, 0, 0, 0, 0);
        }
        ways_back[index].armed = 0;
    }
    done[index] = 1;
    running--;
    for (;;)
        raw(SYS_exit, 0, 0, 0, 0, 0, 0);
    return 0;
}

static void *forger(void *argument) {
    int index = (int)(long)argument;
    static u64 state;
    state = rng;
    ids[index] = (int)raw(SYS_gettid, 0, 0, 0, 0, 0, 0);
    use_alternate_stack(index);
    mark(&ways_back[index]);
    while (!stop) {
        turns[index]++;
        ways_back[index].armed = 1;
        // Never the first vCPU's: the main thread watches.
        volatile u64 *slot = (u64 *)(STUBS + (1 + below(&state, 4)) * STUB_STRIDE + PAGE);
        volatile u32 *words = (volatile u32 *)slot;
        switch (below(&state, 8)) {
        case 0:
            words[0] = (u32)(below(&state, 8) ? below(&state, 6) : next(&state));
            break;
        case 1:
            words[below(&state, 4)] = (u32)(below(&state, 2) ? below(&state, 3) : next(&state));
            break;
        case 2:
            slot[2 + below(&state, 12)] = a_value(&state);
            break;
        case 3:
            ((volatile u8 *)slot)[0x200 + (below(&state, 2) ? SYS_getpid : SYS_lseek)] = (u8)next(&state);
            break;
        case 4:
            ((volatile u8 *)slot)[below(&state, 0x200)] = (u8)next(&state);
            break;
        default: { // a whole post, of a call that ends nothing
            u64 number = below(&state, 460);
            if (number == SYS_exit || number == SYS_exit_group || number == SYS_kill || number == SYS_tkill || number == SYS_tgkill || number == SYS_brk ||
                number == SYS_rt_sigqueueinfo || number == SYS_rt_tgsigqueueinfo || number == SYS_close || number == SYS_close_range)
                number = SYS_getpid;
            slot[5] = number;
            for (int i = 6; i < 12; i++)
                slot[i] = a_value(&state);
            words[0] = 1;
        }
        }
        ways_back[index].armed = 0;
    }
    done[index] = 1;
    running--;
    for (;;)
        raw(SYS_exit, 0, 0, 0, 0, 0, 0);
    return 0;
}

// Whether SIGUSR1 cannot bring a thread back: it is blocked, or is no longer handled by us.
static int is_deaf(int id) {
    static char text[4096];
    char path[64];
    struct kernel_action action = {0};
    raw(SYS_rt_sigaction, SIGUSR1, 0, (u64)&action, 8, 0, 0);
    if (action.handler != take_template)
        return 1;
    snprintf(path, sizeof path, "/proc/self/task/%d/status", id);
    long file = raw(SYS_open, (u64)path, 0, 0, 0, 0, 0);
    long length = raw(SYS_read, (u64)file, (u64)text, sizeof text - 1, 0, 0, 0);
    raw(SYS_close, (u64)file, 0, 0, 0, 0, 0);
    text[length > 0 ? length : 0] = 0;
    const char *blocked = strstr(text, "SigBlk:");
    return !blocked || (strtoull(blocked + 7, 0, 16) & 1ull << (SIGUSR1 - 1));
}

static int forge(u64 until) {
    enum { CALLERS = 3 };
    if (raw(SYS_pipe2, (u64)pipes, O_NONBLOCK, 0, 0, 0, 0))
        return 0;
    running = CALLERS + 1;
    for (long i = 0; i <= CALLERS; i++) {
        pthread_t thread;
        if (pthread_create(&thread, 0, i < CALLERS ? caller : forger, (void *)(i + 1)))
            return 0;
    }
    u64 last[THREADS] = {0};
    int group = (int)raw(SYS_getpid, 0, 0, 0, 0, 0, 0);
    while (running) {
        sleep_ms(10);
        u64 now = now_ms();
        stop = now >= until;
        if (now > until + 5000) {
            // A forged call may have kept the signal from it: then it waits by right.
            for (int i = 1; i <= CALLERS + 1; i++)
                if (ids[i] && !done[i])
                    say(is_deaf(ids[i]) ? "fuzz: a thread waits for good\n" : "fuzz: threads don't end\n");
            raw(SYS_exit_group, 4, 0, 0, 0, 0, 0);
        }
        for (int i = 1; i <= CALLERS + 1; i++) {
            if (turns[i] == last[i] && ids[i] && raw(SYS_tgkill, (u64)group, (u64)ids[i], SIGUSR1, 0, 0, 0) == -3) {
                // It is gone: a forged number made it exit. It left by its own way if it saw the stop.
                ids[i] = 0;
                if (!done[i])
                    running--;
            }
            last[i] = turns[i];
        }
    }
    for (int i = 0; i <= CALLERS + 1; i++)
        attempts += turns[i];
    return 1;
}

// A bad alternate stack, a bad stack, a bad handler, and then a fault: the end.
static void die(void) {
    stack_t stack = {.ss_sp = (void *)a_pointer(&rng), .ss_size = below(&rng, 2) ? 65536 : a_size(&rng)};
    raw(SYS_sigaltstack, (u64)&stack, 0, 0, 0, 0, 0);
    for (int number = 1; number <= 31; number++) {
        struct kernel_action action = {below(&rng, 2) ? come_back : (void *)a_register(), SA_SIGINFO | (below(&rng, 2) ? SA_ONSTACK : 0) | 0x04000000,
            below(&rng, 2) ? restorer : (void *)a_register(), below(&rng, 2) ? 0 : next(&rng)};
        raw(SYS_rt_sigaction, (u64)number, (u64)&action, 0, 8, 0, 0);
    }
    random_registers();
    wild_stack();
    say("dying\n");
    leap();
}

int main(int count, char **arguments) {
    u64 seed = count > 1 ? strtoull(arguments[1], 0, 0) : 1;
    u64 milliseconds = count > 2 ? strtoull(arguments[2], 0, 0) : 2000;
    const char *mode = count > 3 ? arguments[3] : "alone";
    keep_streams();
    char line[160];
    snprintf(line, sizeof line, "seed %llu\n", (unsigned long long)seed);
    say(line);
    rng = seed;
    make_safe_page();
    catch_all();
    for (int number = 1; number <= 31; number++) {
        struct kernel_action action = {take_template, SA_SIGINFO | SA_ONSTACK | SA_NODEFER | 0x04000000, restorer, 0};
        raw(SYS_rt_sigaction, (u64)number, (u64)&action, 0, 8, 0, 0);
    }
    use_alternate_stack(0);
    mmap((void *)CODE, CODE_BYTES, 7, MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED, -1, 0);
    mmap((void *)ARENA, ARENA_BYTES / 4, 3, MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED, -1, 0);
    want_template = 1;
    raw(SYS_kill, (u64)getpid(), SIGUSR2, 0, 0, 0, 0);
    u64 until = now_ms() + milliseconds;
    if (!strcmp(mode, "die"))
        die();
    if (!strcmp(mode, "forge")) {
        if (!forge(until))
            return 2;
    } else
        alone(until);
    snprintf(line, sizeof line, "attempts %llu recovered %lu\n", (unsigned long long)attempts, recovered);
    say(line);
    say(works() ? "intact\n" : "broken\n");
    raw(SYS_exit_group, 0, 0, 0, 0, 0, 0);
}
