// Where every thread leaves by the raw exit, the last one's status is the process's.
#include <pthread.h>
#include <sys/syscall.h>
#include <unistd.h>

static void *stay(void *unused)
{
    usleep(50000);
    syscall(SYS_exit, 8);
    return unused;
}

int main(void)
{
    pthread_t t;
    pthread_create(&t, NULL, stay, NULL);
    syscall(SYS_exit, 5);
    return 1;
}
