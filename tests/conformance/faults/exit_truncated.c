// Only the low eight bits of a status count.
#include <stdlib.h>

int main(void)
{
    exit(256 + 3);
}
