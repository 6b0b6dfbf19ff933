// A signal that a system call raises, with a stack pointer that leads nowhere.
#include <signal.h>
#include <stdlib.h>
#include <unistd.h>

static void handler(int number)
{
    (void)number;
    _exit(1);
}

int main(void)
{
    struct sigaction a = { .sa_handler = handler };
    sigaction(SIGUSR1, &a, NULL);
    long pid = getpid();
    __asm__ volatile("mov $0x1000, %%rsp\n mov $62, %%eax\n mov $10, %%esi\n syscall\n int3" : : "D"(pid) : "rax", "rsi");
    return 0;
}
