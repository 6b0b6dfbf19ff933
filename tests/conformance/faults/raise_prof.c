// The default action of SIGPROF.
#include <signal.h>

int main(void)
{
    raise(SIGPROF);
    return 0;
}
