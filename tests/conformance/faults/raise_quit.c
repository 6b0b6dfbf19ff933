// The default action of SIGQUIT.
#include <signal.h>

int main(void)
{
    raise(SIGQUIT);
    return 0;
}
