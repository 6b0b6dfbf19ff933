// SIGALRM of an interval timer.
#include <sys/time.h>
#include <unistd.h>

int main(void)
{
    struct itimerval v = { .it_value = { 0, 3000 } };
    setitimer(ITIMER_REAL, &v, NULL);
    for (;;)
        pause();
}
