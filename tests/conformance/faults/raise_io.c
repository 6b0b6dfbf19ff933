// The default action of SIGIO.
#include <signal.h>

int main(void)
{
    raise(SIGIO);
    return 0;
}
