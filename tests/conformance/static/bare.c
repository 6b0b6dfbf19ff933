// No library at all: the start-up stack as the kernel lays it, then write and exit_group.
// cflags: -static -nostdlib -fno-stack-protector -fno-pie -no-pie
#include <elf.h>
#include <stdint.h>

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

__attribute__((used)) static void start(uint64_t *stack)
{
    uint64_t count = stack[0];
    char **arguments = (char **)(stack + 1), **environment = arguments + count + 1;
    if ((uintptr_t)stack % 16 != 0)
        finish("FAIL static_bare bare.c:31 the stack is not aligned\n", 1);
    if (count < 1 || !arguments[0] || arguments[count])
        finish("FAIL static_bare bare.c:33 arguments\n", 1);
    while (*environment)
        environment++;
    Elf64_auxv_t *v = (Elf64_auxv_t *)(environment + 1);
    int seen = 0;
    for (; v->a_type != AT_NULL; v++) {
        if (v->a_type == AT_PAGESZ && v->a_un.a_val == 4096)
            seen |= 1;
        if (v->a_type == AT_ENTRY && v->a_un.a_val != 0)
            seen |= 2;
        if (v->a_type == AT_RANDOM && v->a_un.a_val != 0)
            seen |= 4;
        if (v->a_type == AT_PHNUM && v->a_un.a_val > 0)
            seen |= 8;
        if (v->a_type == AT_BASE && v->a_un.a_val != 0)
            finish("FAIL static_bare bare.c:48 a static program has no interpreter\n", 1);
    }
    if (seen != 15)
        finish("FAIL static_bare bare.c:51 the auxiliary vector\n", 1);
    finish("ok static_bare\n", 0);
}

__asm__(".global _start\n_start:\n xor %ebp, %ebp\n mov %rsp, %rdi\n and $-16, %rsp\n call start\n");
