// An ignored SIGSEGV still kills when it is a fault's.
#include <signal.h>

int main(void)
{
    signal(SIGSEGV, SIG_IGN);
    volatile char *volatile p = (volatile char *)8;
    *p = 1;
    return 0;
}
