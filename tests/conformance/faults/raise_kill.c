// The default action of SIGKILL.
#include <signal.h>

int main(void)
{
    raise(SIGKILL);
    return 0;
}
