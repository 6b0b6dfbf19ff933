// A fault in one thread ends them all.
#include <pthread.h>
#include <unistd.h>

static void *body(void *unused)
{
    volatile char *volatile p = (volatile char *)16;
    *p = 1;
    return unused;
}

int main(void)
{
    pthread_t t;
    pthread_create(&t, NULL, body, NULL);
    for (;;)
        pause();
}
