// With an alternate stack the handler runs all the same.
#include <signal.h>
#include <stdlib.h>
#include <unistd.h>

static void handler(int number)
{
    (void)number;
    _exit(0);
}

int main(void)
{
    static char stack[65536];
    stack_t s = { .ss_sp = stack, .ss_size = sizeof stack };
    struct sigaction a = { .sa_handler = handler, .sa_flags = SA_ONSTACK };
    sigaltstack(&s, NULL);
    sigaction(SIGSEGV, &a, NULL);
    __asm__ volatile("mov $0x1000, %rsp\n push %rax");
    return 1;
}
