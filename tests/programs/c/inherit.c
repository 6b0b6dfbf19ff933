// Uses descriptors that its parent left open, by their numbers; and says what standard streams it has.
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

int main(int argc, char **argv)
{
    for (int number = 0; number < 3; number++) {
        struct stat info;
        int known = fstat(number, &info) == 0;
        printf("%d %s\n", number, !known ? "closed" : S_ISREG(info.st_mode) ? "file" : S_ISFIFO(info.st_mode) ? "pipe"
               : S_ISCHR(info.st_mode) ? "device" : "other");
    }
    for (int i = 1; i < argc; i++) {
        int number = atoi(argv[i]);
        char text[100] = "";
        ssize_t count = read(number, text, sizeof text - 1);
        printf("%d read %zd %s\n", number, count, text);
        if (fcntl(number, F_GETFL) != -1 && (fcntl(number, F_GETFL) & O_ACCMODE) != O_RDONLY)
            dprintf(number, "written to %d\n", number);
    }
    return 0;
}
