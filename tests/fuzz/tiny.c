// The smallest program with a data segment: what the loader's fuzzing mutates. Prints "ok" and leaves with 7.
static char text[] = "ok\n";
static char zeroes[8192];

static long raw(long number, long a, long b, long c) {
    long result;
    __asm__ volatile("syscall" : "=a"(result) : "0"(number), "D"(a), "S"(b), "d"(c) : "rcx", "r11", "memory");
    return result;
}

void _start(void) {
    raw(1, 1, (long)text, 3 + zeroes[4096]);
    raw(231, 7, 0, 0);
    __builtin_unreachable();
}
