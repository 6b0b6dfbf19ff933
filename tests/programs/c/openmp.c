// A team of four: reductions, schedules, tasks, critical sections, nested loops.
#include <math.h>
#include <omp.h>
#include <stdio.h>

static long fibonacci(int n)
{
    if (n < 2)
        return n;
    long a, b;
#pragma omp task shared(a) if (n > 12)
    a = fibonacci(n - 1);
#pragma omp task shared(b) if (n > 12)
    b = fibonacci(n - 2);
#pragma omp taskwait
    return a + b;
}

int main(void)
{
    omp_set_num_threads(4);
    enum { N = 2000000 };
    double pi = 0;
#pragma omp parallel for reduction(+ : pi) schedule(static)
    for (int i = 0; i < N; i++) {
        double x = (i + 0.5) / N;
        pi += 4 / (1 + x * x);
    }
    printf("pi %.9f\n", pi / N);

    long even = 0;
#pragma omp parallel for reduction(+ : even) schedule(dynamic, 1000)
    for (int i = 0; i < N; i++)
        even += i % 2 == 0;
    printf("even %ld\n", even);

    int seen[4] = { 0 }, inside = 0;
#pragma omp parallel
    {
        seen[omp_get_thread_num()] = omp_get_num_threads();
        for (int i = 0; i < 1000; i++) {
#pragma omp critical
            inside++;
        }
#pragma omp barrier
#pragma omp single
        printf("inside %d\n", inside);
    }
    printf("teams %d %d %d %d\n", seen[0], seen[1], seen[2], seen[3]);

    long result = 0;
#pragma omp parallel
#pragma omp single
    result = fibonacci(24);
    printf("fibonacci %ld\n", result);

    static double a[200][200], b[200][200], c[200][200];
#pragma omp parallel for collapse(2)
    for (int i = 0; i < 200; i++)
        for (int j = 0; j < 200; j++) {
            a[i][j] = i + j;
            b[i][j] = i - 2 * j;
        }
#pragma omp parallel for
    for (int i = 0; i < 200; i++)
        for (int k = 0; k < 200; k++)
            for (int j = 0; j < 200; j++)
                c[i][j] += a[i][k] * b[k][j];
    double trace = 0;
    for (int i = 0; i < 200; i++)
        trace += c[i][i];
    printf("trace %.0f\n", trace);
    printf("processors %s\n", omp_get_num_procs() > 0 ? "some" : "none");
    return 0;
}
