// A fault inside the handler of the same fault.
#include <signal.h>

static void handler(int number)
{
    (void)number;
    volatile char *volatile p = (volatile char *)8;
    *p = 1;
}

int main(void)
{
    struct sigaction a = { .sa_handler = handler };
    sigaction(SIGSEGV, &a, NULL);
    handler(0);
    return 0;
}
