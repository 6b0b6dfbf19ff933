#include <stdio.h>

int main(void)
{
    puts("Hello from an ordinary program");
    return 0;
}
