// A blocked signal acts when it is unblocked.
#include <signal.h>

int main(void)
{
    sigset_t s;
    sigemptyset(&s);
    sigaddset(&s, SIGTERM);
    sigprocmask(SIG_BLOCK, &s, NULL);
    raise(SIGTERM);
    sigprocmask(SIG_UNBLOCK, &s, NULL);
    return 0;
}
