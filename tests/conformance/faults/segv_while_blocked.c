// A blocked SIGSEGV still kills when it is a fault's.
#include <signal.h>

int main(void)
{
    sigset_t s;
    sigemptyset(&s);
    sigaddset(&s, SIGSEGV);
    sigprocmask(SIG_BLOCK, &s, NULL);
    volatile char *volatile p = (volatile char *)8;
    *p = 1;
    return 0;
}
