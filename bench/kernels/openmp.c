// openmp NAME: serves rounds on two threads, of "reduction" or "triad"; see rounds.h.
#include "rounds.h"
#include <math.h>
#include <omp.h>
#include <string.h>

enum { threads = 2, doubles = 4 << 20 };

static struct round reduction_round(uint64_t operations)
{
    double width = 1.0 / (double)operations, sum = 0;
    int team = 0;
    uint64_t begin = now_ns();
#pragma omp parallel num_threads(threads) reduction(+ : sum)
    {
#pragma omp single nowait
        team = omp_get_num_threads();
#pragma omp for schedule(static)
        for (uint64_t i = 0; i < operations; i++) {
            double x = ((double)i + 0.5) * width;
            sum += 4.0 / (1.0 + x * x);
        }
    }
    uint64_t end = now_ns();
    require(team == threads && fabs(sum * width - M_PI) < 1e-6, "OpenMP reduction");
    return (struct round){end - begin, operations};
}

static struct round triad_round(uint64_t operations)
{
    static double *a, *b, *c;
    if (!a) {
        a = malloc(doubles * sizeof *a), b = malloc(doubles * sizeof *b), c = malloc(doubles * sizeof *c);
        require(a && b && c, "no memory");
        for (int i = 0; i < doubles; i++)
            a[i] = 0, b[i] = i, c[i] = 2;
    }
    uint64_t begin = now_ns();
    for (uint64_t pass = 0; pass < operations; pass++) {
#pragma omp parallel for num_threads(threads) schedule(static)
        for (int i = 0; i < doubles; i++)
            a[i] = b[i] + (double)(pass + 1) * c[i];
    }
    uint64_t end = now_ns();
    for (int i = 0; i < doubles; i += 4099)
        require(a[i] == i + 2.0 * (double)operations, "OpenMP triad");
    return (struct round){end - begin, operations};
}

int main(int argc, char **argv)
{
    if (argc == 2 && strcmp(argv[1], "reduction") == 0)
        return serve(reduction_round);
    if (argc == 2 && strcmp(argv[1], "triad") == 0)
        return serve(triad_round);
    fputs("usage: openmp reduction|triad\n", stderr);
    return 2;
}
