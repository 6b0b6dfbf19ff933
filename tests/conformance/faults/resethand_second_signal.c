// SA_RESETHAND: the second signal has the default action.
#include <signal.h>

static void handler(int number) { (void)number; }

int main(void)
{
    struct sigaction a = { .sa_handler = handler, .sa_flags = SA_RESETHAND };
    sigaction(SIGUSR1, &a, NULL);
    raise(SIGUSR1);
    raise(SIGUSR1);
    return 0;
}
