// No library: the registers, flags, x87 and SSE control words a program starts with.
// cflags: -static -nostdlib -fno-stack-protector -fno-pie -no-pie
static long call(long number, long a, long b, long c)
{
    long result;
    __asm__ volatile("syscall" : "=a"(result) : "a"(number), "D"(a), "S"(b), "d"(c) : "rcx", "r11", "memory");
    return result;
}

static void finish(const char *text, long status)
{
    long n = 0;
    while (text[n])
        n++;
    call(1, 1, (long)text, n);
    call(231, status, 0, 0);
}

__attribute__((used)) static void start(unsigned long *saved)
{
    unsigned short control;
    unsigned mxcsr;
    __asm__ volatile("fnstcw %0\n stmxcsr %1" : "=m"(control), "=m"(mxcsr));
    for (int i = 0; i < 14; i++)
        if (saved[i] != 0)
            finish("FAIL static_registers registers.c:26 a register is not zero\n", 1);
    if ((saved[14] & 0x40cd5) != 0)
        finish("FAIL static_registers registers.c:28 the flags are not clear\n", 1);
    if (control != 0x37f || mxcsr != 0x1f80)
        finish("FAIL static_registers registers.c:30 floating-point control words\n", 1);
    finish("ok static_registers\n", 0);
}

__asm__(".global _start\n_start:\n pushf\n push %r15\n push %r14\n push %r13\n push %r12\n push %r11\n push %r10\n push %r9\n push %r8\n"
        " push %rdi\n push %rsi\n push %rbp\n push %rdx\n push %rcx\n push %rbx\n mov %rsp, %rdi\n and $-16, %rsp\n call start\n");
