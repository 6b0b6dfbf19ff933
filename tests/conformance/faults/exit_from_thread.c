// exit in a thread ends the process, its main thread being asleep.
#include <pthread.h>
#include <stdlib.h>
#include <unistd.h>

static void *leave(void *unused)
{
    (void)unused;
    exit(7);
}

int main(void)
{
    pthread_t t;
    pthread_create(&t, NULL, leave, NULL);
    for (;;)
        pause();
}
