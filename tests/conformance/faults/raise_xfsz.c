// The default action of SIGXFSZ.
#include <signal.h>

int main(void)
{
    raise(SIGXFSZ);
    return 0;
}
