// The default action of the first real-time signal that glibc leaves.
#include <signal.h>

int main(void)
{
    raise(SIGRTMIN);
    return 0;
}
