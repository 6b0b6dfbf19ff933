// The default action of SIGXCPU.
#include <signal.h>

int main(void)
{
    raise(SIGXCPU);
    return 0;
}
