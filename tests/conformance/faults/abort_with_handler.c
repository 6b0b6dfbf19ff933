// abort kills even when its handler returns.
#include <signal.h>
#include <stdlib.h>

static void handler(int number) { (void)number; }

int main(void)
{
    signal(SIGABRT, handler);
    abort();
}
