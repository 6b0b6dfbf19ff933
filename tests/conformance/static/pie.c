// A static position-independent program relocates itself.
// cflags: -static-pie -fPIE
#include <stdio.h>

static const char *const words[] = { "ok", "static_pie" };
const char *const *volatile at = words;

int main(void)
{
    printf("%s %s\n", at[0], at[1]);
    return 0;
}
