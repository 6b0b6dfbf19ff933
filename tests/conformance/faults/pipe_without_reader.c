// SIGPIPE.
#include <unistd.h>

int main(void)
{
    int p[2];
    if (pipe(p) != 0)
        return 1;
    close(p[0]);
    return write(p[1], "x", 1) == 1;
}
