// kernels NAME: serves rounds of one kernel; see rounds.h.
// kernels idle: says "ready" and sleeps for ever.
#define _GNU_SOURCE
#include "kernels.h"
#include <string.h>
#include <unistd.h>

static const struct {
    const char *name;
    kernel_round run;
} kernels[] = {
    {"integer", integer_round}, {"floating", floating_round}, {"avx2", avx2_round}, {"avx512", avx512_round},
    {"chase", chase_round}, {"triad", triad_round}, {"touch", touch_round}, {"clock", clock_round},
    {"getppid", getppid_round}, {"getpid", getpid_round}, {"read-file", read_file_round},
    {"write-file", write_file_round}, {"pipe", pipe_round}, {"futex", futex_round},
};

int main(int argc, char **argv)
{
    if (argc == 2 && strcmp(argv[1], "idle") == 0) {
        puts("ready");
        fflush(stdout);
        for (;;)
            pause();
    }
    if (argc == 2)
        for (size_t i = 0; i < sizeof kernels / sizeof *kernels; i++)
            if (strcmp(argv[1], kernels[i].name) == 0)
                return serve(kernels[i].run);
    fputs("usage: kernels NAME | kernels idle\n", stderr);
    return 2;
}
