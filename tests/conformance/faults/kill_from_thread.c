// SIGTERM from a thread while the main thread waits in a read.
#include <pthread.h>
#include <signal.h>
#include <unistd.h>

static void *body(void *unused)
{
    usleep(2000);
    kill(getpid(), SIGTERM);
    return unused;
}

int main(void)
{
    pthread_t t;
    int p[2];
    char c;
    if (pipe(p) != 0)
        return 1;
    pthread_create(&t, NULL, body, NULL);
    return read(p[0], &c, 1) == 1;
}
