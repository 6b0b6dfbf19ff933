// The default action of SIGUSR2.
#include <signal.h>

int main(void)
{
    raise(SIGUSR2);
    return 0;
}
