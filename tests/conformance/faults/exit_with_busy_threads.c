// exit_group ends threads that run and threads that wait.
#include <pthread.h>
#include <sys/syscall.h>
#include <unistd.h>

static void *spin(void *unused)
{
    volatile long turns = 0;
    for (;;)
        turns++;
    return unused;
}

static void *wait(void *fd)
{
    char c;
    return read((int)(long)fd, &c, 1) == 1 ? fd : NULL;
}

int main(void)
{
    pthread_t t[4];
    int p[2];
    if (pipe(p) != 0)
        return 1;
    for (int i = 0; i < 2; i++)
        pthread_create(&t[i], NULL, spin, NULL);
    for (int i = 2; i < 4; i++)
        pthread_create(&t[i], NULL, wait, (void *)(long)p[0]);
    usleep(3000);
    syscall(SYS_exit_group, 6);
    return 1;
}
