// The process lives on until its last thread ends.
#include <pthread.h>
#include <stdlib.h>
#include <unistd.h>

static void *stay(void *unused)
{
    usleep(5000);
    return unused;
}

int main(void)
{
    pthread_t t;
    pthread_create(&t, NULL, stay, NULL);
    pthread_exit(NULL);
}
