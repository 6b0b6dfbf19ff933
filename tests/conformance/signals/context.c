// The context that a handler sees and sigreturn restores: registers, flags, vector state, masks; leaving by longjmp.
#include "check.h"
#include <cpuid.h>
#include <setjmp.h>
#include <ucontext.h>

static volatile sig_atomic_t ran;

static void change_everything(int number)
{
    (void)number;
    ran++;
    __asm__ volatile("pxor %%xmm0, %%xmm0\n pxor %%xmm1, %%xmm1\n pxor %%xmm7, %%xmm7\n pxor %%xmm15, %%xmm15\n std\n cld\n"
                     "fninit\n fldpi\n fldpi" : : : "xmm0", "xmm1", "xmm7", "xmm15");
}

static void use(void (*f)(int))
{
    struct sigaction a = { .sa_handler = f };
    sigaction(SIGUSR1, &a, NULL);
    ran = 0;
}

static void use_info(void (*f)(int, siginfo_t *, void *))
{
    struct sigaction a = { .sa_sigaction = f, .sa_flags = SA_SIGINFO };
    sigaction(SIGUSR1, &a, NULL);
    sigaction(SIGTRAP, &a, NULL);
    ran = 0;
}

// A signal from inside inline assembly: tgkill(getpid(), gettid(), SIGUSR1) by number, then the registers are compared.
static long pid_now, tid_now;
static void know_ids(void)
{
    pid_now = getpid();
    tid_now = syscall(SYS_gettid);
}

#define SIGNAL_HERE "mov $234, %%eax\n mov %[pid], %%rdi\n mov %[tid], %%rsi\n mov $10, %%edx\n syscall\n"
#define IDS [pid] "m"(pid_now), [tid] "m"(tid_now)

static unsigned long cell[16];

TEST(registers_survive_a_signal_in_a_system_call)
{
    know_ids();
    use(change_everything);
    memset(cell, 0, sizeof cell);
    __asm__ volatile("mov $0x1111, %%ebx\n mov $0x2222, %%r8d\n mov $0x3333, %%r9d\n mov $0x4444, %%r10d\n mov $0x5555, %%r12d\n"
                     "mov $0x6666, %%r13d\n mov $0x7777, %%r14d\n mov $0x8888, %%r15d\n" SIGNAL_HERE
                     "mov %%rbx, cell(%%rip)\n mov %%r8, 8+cell(%%rip)\n mov %%r9, 16+cell(%%rip)\n mov %%r10, 24+cell(%%rip)\n"
                     "mov %%r12, 32+cell(%%rip)\n mov %%r13, 40+cell(%%rip)\n mov %%r14, 48+cell(%%rip)\n mov %%r15, 56+cell(%%rip)\n"
                     "mov %%rax, 64+cell(%%rip)\n mov %%rdi, 72+cell(%%rip)\n mov %%rdx, 80+cell(%%rip)"
                     : : IDS : "memory", "rax", "rbx", "rcx", "rdx", "rdi", "rsi", "r8", "r9", "r10", "r11", "r12", "r13", "r14", "r15");
    EXPECT_EQ(ran, 1);
    EXPECT_EQ(cell[0], 0x1111);
    EXPECT_EQ(cell[1], 0x2222);
    EXPECT_EQ(cell[2], 0x3333);
    EXPECT_EQ(cell[3], 0x4444);
    EXPECT_EQ(cell[4], 0x5555);
    EXPECT_EQ(cell[5], 0x6666);
    EXPECT_EQ(cell[6], 0x7777);
    EXPECT_EQ(cell[7], 0x8888);
    EXPECT_EQ(cell[8], 0); // tgkill's own answer
    EXPECT_EQ(cell[9], pid_now);
    EXPECT_EQ(cell[10], 10);
}

TEST(registers_survive_a_system_call)
{
    memset(cell, 0, sizeof cell);
    __asm__ volatile("mov $0x1111, %%ebx\n mov $0x2222, %%r8d\n mov $0x3333, %%r9d\n mov $0x4444, %%r10d\n mov $0x5555, %%r12d\n"
                     "mov $0x9999, %%edi\n mov $0xaaaa, %%esi\n mov $0xbbbb, %%edx\n mov $39, %%eax\n syscall\n"
                     "mov %%rbx, cell(%%rip)\n mov %%r8, 8+cell(%%rip)\n mov %%r9, 16+cell(%%rip)\n mov %%r10, 24+cell(%%rip)\n"
                     "mov %%r12, 32+cell(%%rip)\n mov %%rdi, 40+cell(%%rip)\n mov %%rsi, 48+cell(%%rip)\n mov %%rdx, 56+cell(%%rip)\n mov %%rax, 64+cell(%%rip)"
                     : : : "memory", "rax", "rbx", "rcx", "rdx", "rdi", "rsi", "r8", "r9", "r10", "r11", "r12");
    EXPECT_EQ(cell[0], 0x1111);
    EXPECT_EQ(cell[1], 0x2222);
    EXPECT_EQ(cell[2], 0x3333);
    EXPECT_EQ(cell[3], 0x4444);
    EXPECT_EQ(cell[4], 0x5555);
    EXPECT_EQ(cell[5], 0x9999);
    EXPECT_EQ(cell[6], 0xaaaa);
    EXPECT_EQ(cell[7], 0xbbbb);
    EXPECT_EQ(cell[8], getpid());
}

TEST(rcx_holds_the_return_address)
{
    unsigned long at, rcx;
    __asm__ volatile("lea 1f(%%rip), %0\n mov $39, %%eax\n syscall\n1: mov %%rcx, %1" : "=&b"(at), "=&d"(rcx) : : "rax", "rcx", "r11", "memory");
    EXPECT(at == rcx);
}

TEST(flags_survive_a_system_call)
{
    unsigned long before, after;
    __asm__ volatile("lea -128(%%rsp), %%rsp\n xor %%eax, %%eax\n stc\n pushf\n pop %0\n mov $39, %%eax\n syscall\n pushf\n pop %1\n lea 128(%%rsp), %%rsp"
                     : "=&b"(before), "=&r"(after) : : "rax", "rcx", "r11", "cc", "memory");
    EXPECT_EQ(before & 0x8d5, after & 0x8d5);
    EXPECT_EQ(after & 1, 1);
}

TEST(the_red_zone_survives_a_system_call_and_a_signal)
{
    unsigned long low, high;
    know_ids();
    use(change_everything);
    __asm__ volatile("mov $0x1357, %%ebx\n mov %%rbx, -8(%%rsp)\n mov %%rbx, -128(%%rsp)\n" SIGNAL_HERE
                     "mov -8(%%rsp), %0\n mov -128(%%rsp), %1"
                     : "=&r"(low), "=&r"(high) : IDS : "memory", "rax", "rbx", "rcx", "rdx", "rdi", "rsi", "r11");
    EXPECT_EQ(ran, 1);
    EXPECT_EQ(low, 0x1357);
    EXPECT_EQ(high, 0x1357);
}

TEST(xmm_registers_survive_a_signal)
{
    static float in[4] __attribute__((aligned(16))) = { 1, 2, 3, 4 };
    static float out[3][4] __attribute__((aligned(16)));
    know_ids();
    use(change_everything);
    __asm__ volatile("movaps %[in], %%xmm0\n movaps %%xmm0, %%xmm7\n movaps %%xmm0, %%xmm15\n" SIGNAL_HERE
                     "movaps %%xmm0, %[a]\n movaps %%xmm7, %[b]\n movaps %%xmm15, %[c]"
                     : [a] "=m"(out[0]), [b] "=m"(out[1]), [c] "=m"(out[2]) : IDS, [in] "m"(in)
                     : "memory", "rax", "rcx", "rdx", "rdi", "rsi", "r11", "xmm0", "xmm7", "xmm15");
    EXPECT_EQ(ran, 1);
    for (int i = 0; i < 3; i++)
        EXPECT_MEM(out[i], in, sizeof in);
}

TEST(x87_state_survives_a_signal)
{
    long double before = 2.5L, after = 0;
    unsigned short control = 0x27f, control_after = 0;
    know_ids();
    use(change_everything);
    __asm__ volatile("fninit\n fldcw %[cw]\n fldt %[in]\n" SIGNAL_HERE "fstpt %[out]\n fnstcw %[cwa]\n fninit"
                     : [out] "=m"(after), [cwa] "=m"(control_after) : IDS, [in] "m"(before), [cw] "m"(control)
                     : "memory", "rax", "rcx", "rdx", "rdi", "rsi", "r11");
    EXPECT(after == before);
    EXPECT_EQ(control_after, 0x27f);
}

static void change_mxcsr(int number)
{
    unsigned value = 0x1fa0 | 0x6000;
    (void)number;
    ran++;
    __asm__ volatile("ldmxcsr %0" : : "m"(value));
}

TEST(mxcsr_survives_a_signal)
{
    unsigned before, after;
    use(change_mxcsr);
    __asm__ volatile("stmxcsr %0" : "=m"(before));
    raise(SIGUSR1);
    __asm__ volatile("stmxcsr %0" : "=m"(after));
    EXPECT_EQ(ran, 1);
    EXPECT_EQ(before & ~0x3fu, after & ~0x3fu);
}

static bool has_avx(void) { return __builtin_cpu_supports("avx"); }
static bool has_avx512(void) { return __builtin_cpu_supports("avx512f"); }

__attribute__((target("avx"))) static void clear_ymm(int number)
{
    (void)number;
    ran++;
    __asm__ volatile("vzeroall" : : : "memory");
}

__attribute__((target("avx"))) static void ymm_round(unsigned char *in, unsigned char *out)
{
    __asm__ volatile("vmovdqu %[in], %%ymm3\n vmovdqa %%ymm3, %%ymm12\n" SIGNAL_HERE "vmovdqu %%ymm3, %[a]\n vmovdqu %%ymm12, %[b]\n vzeroupper"
                     : [a] "=m"(*(unsigned char(*)[32])out), [b] "=m"(*(unsigned char(*)[32])(out + 32))
                     : IDS, [in] "m"(*(unsigned char(*)[32])in)
                     : "memory", "rax", "rcx", "rdx", "rdi", "rsi", "r11", "xmm3", "xmm12");
}

TEST(ymm_registers_survive_a_signal)
{
    unsigned char in[32], out[64] = { 0 };
    if (!has_avx())
        return;
    for (int i = 0; i < 32; i++)
        in[i] = (unsigned char)(i + 1);
    know_ids();
    use(clear_ymm);
    ymm_round(in, out);
    EXPECT_EQ(ran, 1);
    EXPECT_MEM(out, in, 32);
    EXPECT_MEM(out + 32, in, 32);
}

__attribute__((target("avx512f"))) static void clear_zmm(int number)
{
    (void)number;
    ran++;
    __asm__ volatile("vpxorq %%zmm5, %%zmm5, %%zmm5\n vpxorq %%zmm20, %%zmm20, %%zmm20\n kxorw %%k3, %%k3, %%k3" : : : "memory");
}

__attribute__((target("avx512f"))) static void zmm_round(unsigned char *in, unsigned char *out, unsigned *mask)
{
    __asm__ volatile("vmovdqu64 %[in], %%zmm5\n vmovdqa64 %%zmm5, %%zmm20\n mov $0x5a5a, %%eax\n kmovw %%eax, %%k3\n" SIGNAL_HERE
                     "vmovdqu64 %%zmm5, %[a]\n vmovdqu64 %%zmm20, %[b]\n kmovw %%k3, %%eax\n mov %%eax, %[m]\n vzeroupper"
                     : [a] "=m"(*(unsigned char(*)[64])out), [b] "=m"(*(unsigned char(*)[64])(out + 64)), [m] "=m"(*mask)
                     : IDS, [in] "m"(*(unsigned char(*)[64])in)
                     : "memory", "rax", "rcx", "rdx", "rdi", "rsi", "r11", "xmm5");
}

TEST(zmm_and_mask_registers_survive_a_signal)
{
    unsigned char in[64], out[128] = { 0 };
    unsigned mask = 0;
    if (!has_avx512())
        return;
    for (int i = 0; i < 64; i++)
        in[i] = (unsigned char)(i * 3 + 1);
    know_ids();
    use(clear_zmm);
    zmm_round(in, out, &mask);
    EXPECT_EQ(ran, 1);
    EXPECT_MEM(out, in, 64);
    EXPECT_MEM(out + 64, in, 64);
    EXPECT_EQ(mask, 0x5a5a);
}

static void look_at_xsave(int number, siginfo_t *info, void *context)
{
    ucontext_t *c = context;
    (void)number, (void)info;
    ran = c->uc_mcontext.fpregs != NULL && ((uintptr_t)c->uc_mcontext.fpregs & 63) == 0;
    // struct _fpx_sw_bytes at offset 464 of the legacy area: magic, extended size, features.
    uint32_t magic = *(uint32_t *)((char *)c->uc_mcontext.fpregs + 464);
    uint32_t extended = *(uint32_t *)((char *)c->uc_mcontext.fpregs + 468);
    uint64_t features = *(uint64_t *)((char *)c->uc_mcontext.fpregs + 472);
    uint32_t size = *(uint32_t *)((char *)c->uc_mcontext.fpregs + 480);
    if (magic == 0x46505853)
        ran += 2;
    if (size <= extended && (features & 3) == 3)
        ran += 4;
    if (*(uint32_t *)((char *)c->uc_mcontext.fpregs + size) == 0x46505845)
        ran += 8;
}

TEST(the_frame_has_an_xsave_area)
{
    use_info(look_at_xsave);
    raise(SIGUSR1);
    EXPECT_EQ(ran, 15);
}

static void change_registers(int number, siginfo_t *info, void *context)
{
    ucontext_t *c = context;
    (void)number, (void)info;
    ran++;
    c->uc_mcontext.gregs[REG_RBX] = 0x2468;
    c->uc_mcontext.gregs[REG_R12] = 0x1122334455667788;
    c->uc_mcontext.gregs[REG_EFL] |= 1;
    c->uc_mcontext.fpregs->_xmm[4].element[0] = 77;
}

TEST(a_changed_context_takes_effect)
{
    unsigned long rbx, r12, flags;
    unsigned xmm = 0;
    use_info(change_registers);
    __asm__ volatile("lea -128(%%rsp), %%rsp\n xor %%ebx, %%ebx\n xor %%r12d, %%r12d\n pxor %%xmm4, %%xmm4\n clc\n int3\n"
                     "pushf\n pop %2\n movd %%xmm4, %3\n mov %%r12, %1\n lea 128(%%rsp), %%rsp"
                     : "=&b"(rbx), "=&a"(r12), "=&c"(flags), "=&d"(xmm) : : "r12", "xmm4", "cc", "memory");
    EXPECT_EQ(ran, 1);
    EXPECT_EQ(rbx, 0x2468);
    EXPECT(r12 == 0x1122334455667788);
    EXPECT_EQ(flags & 1, 1);
    EXPECT_EQ(xmm, 77);
}

static void goto_elsewhere(int number, siginfo_t *info, void *context)
{
    ucontext_t *c = context;
    (void)number, (void)info;
    ran++;
    c->uc_mcontext.gregs[REG_RIP] = c->uc_mcontext.gregs[REG_RBX];
}

TEST(a_changed_instruction_pointer_is_followed)
{
    int went = 0;
    use_info(goto_elsewhere);
    __asm__ volatile("lea 1f(%%rip), %%rbx\n int3\n jmp 2f\n1: mov $1, %0\n2:" : "+r"(went) : : "rbx", "memory");
    EXPECT_EQ(ran, 1);
    EXPECT_EQ(went, 1);
}

static void change_mask(int number, siginfo_t *info, void *context)
{
    ucontext_t *c = context;
    (void)number, (void)info;
    sigaddset(&c->uc_sigmask, SIGUSR2);
}

TEST(the_mask_in_the_context_is_restored)
{
    sigset_t now, none;
    use_info(change_mask);
    raise(SIGUSR1);
    sigprocmask(SIG_BLOCK, NULL, &now);
    EXPECT(sigismember(&now, SIGUSR2));
    sigemptyset(&none);
    sigprocmask(SIG_SETMASK, &none, NULL);
}

static uintptr_t frame_misaligned;
static void look_at_stack(int number, siginfo_t *info, void *context)
{
    (void)number, (void)info;
    ucontext_t *c = context;
    ran++;
    frame_misaligned = (uintptr_t)__builtin_frame_address(0) % 16;
    if ((uintptr_t)c > (uintptr_t)c->uc_mcontext.gregs[REG_RSP] - 128)
        ran = 100; // the frame would lie in the red zone
}

TEST(the_handler_stack_is_aligned_and_below_the_red_zone)
{
    use_info(look_at_stack);
    raise(SIGUSR1);
    EXPECT_EQ(ran, 1);
    EXPECT_EQ(frame_misaligned, 0);
}

static sigjmp_buf back;
static void jump_out(int number) { (void)number, ran++, siglongjmp(back, 1); }

TEST(siglongjmp_out_restores_the_mask)
{
    sigset_t now;
    use(jump_out);
    for (int i = 0; i < 3; i++)
        if (sigsetjmp(back, 1) == 0)
            raise(SIGUSR1);
    EXPECT_EQ(ran, 3);
    sigprocmask(SIG_BLOCK, NULL, &now);
    EXPECT(!sigismember(&now, SIGUSR1));
}

TEST(longjmp_out_keeps_the_handlers_mask)
{
    sigset_t now, none;
    static jmp_buf plain;
    void leave(int number) { (void)number, longjmp(plain, 1); }
    use(leave);
    if (setjmp(plain) == 0)
        raise(SIGUSR1);
    sigprocmask(SIG_BLOCK, NULL, &now);
    EXPECT(sigismember(&now, SIGUSR1));
    sigemptyset(&none);
    sigprocmask(SIG_SETMASK, &none, NULL);
}

TEST(contexts_can_be_swapped)
{
    static ucontext_t main_context, other;
    static char stack[64 * 1024];
    static int stage;
    void run(void) { stage = 1; swapcontext(&other, &main_context); stage = 3; }
    getcontext(&other);
    other.uc_stack.ss_sp = stack;
    other.uc_stack.ss_size = sizeof stack;
    other.uc_link = &main_context;
    makecontext(&other, run, 0);
    swapcontext(&main_context, &other);
    EXPECT_EQ(stage, 1);
    stage = 2;
    swapcontext(&main_context, &other);
    EXPECT_EQ(stage, 3);
}

TEST(direction_flag_is_clear_in_a_handler)
{
    static unsigned long flags;
    void look(int number, siginfo_t *info, void *context)
    {
        (void)number, (void)info, (void)context;
        __asm__ volatile("lea -128(%%rsp), %%rsp\n pushf\n pop %0\n lea 128(%%rsp), %%rsp" : "=r"(flags));
        ran++;
    }
    use_info(look);
    __asm__ volatile("std\n int3\n cld" : : : "cc", "memory");
    EXPECT_EQ(ran, 1);
    EXPECT_EQ(flags & 0x400, 0);
}

MAIN()
