// Prints its arguments, its whole environment in order, its working directory, and its input in upper case.
#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static int by_text(const void *a, const void *b)
{
    return strcmp(*(char *const *)a, *(char *const *)b);
}

int main(int argc, char **argv)
{
    for (int i = 0; i < argc; i++)
        printf("argument %d \"%s\"\n", i, argv[i]);
    size_t count = 0;
    while (environ[count])
        count++;
    qsort(environ, count, sizeof *environ, by_text);
    for (size_t i = 0; i < count; i++)
        printf("environment %s\n", environ[i]);
    char folder[4096];
    printf("folder %s\n", getcwd(folder, sizeof folder) ? folder : "?");
    size_t bytes = 0;
    for (int c; (c = getchar()) != EOF; bytes++)
        putchar(toupper(c));
    printf("%zu bytes of input\n", bytes);
    fprintf(stderr, "and a word on standard error\n");
    return 0;
}
