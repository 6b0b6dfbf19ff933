// The default action of SIGVTALRM.
#include <signal.h>

int main(void)
{
    raise(SIGVTALRM);
    return 0;
}
