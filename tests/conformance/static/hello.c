// The smallest static C program.
// cflags: -static
#include <stdio.h>

int main(void)
{
    puts("ok static_hello");
    return 0;
}
