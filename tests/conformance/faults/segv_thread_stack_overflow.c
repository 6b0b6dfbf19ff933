// Recursion into a thread's guard page.
#include <pthread.h>

static int deeper(int n)
{
    volatile char frame[4096];
    frame[n % 4096] = (char)n;
    return n == -1 ? 0 : deeper(n + 1) + frame[0];
}

static void *body(void *unused)
{
    (void)unused;
    return (void *)(long)deeper(0);
}

int main(void)
{
    pthread_t t;
    pthread_create(&t, NULL, body, NULL);
    pthread_join(t, NULL);
    return 0;
}
