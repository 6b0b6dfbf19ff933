// The default action of SIGALRM.
#include <signal.h>

int main(void)
{
    raise(SIGALRM);
    return 0;
}
