/* MPI_THREAD_MULTIPLE: the threads of an OpenMP team all send and receive, and a team computes inside a rank. */
#include "check.h"
#include <omp.h>

int main(int count, char **words) {
    enum { THREADS = 3, ROUNDS = 100, LENGTH = 30000 };
    int provided;
    MPI_Init_thread(&count, &words, MPI_THREAD_MULTIPLE, &provided);
    MPI_Comm_rank(MPI_COMM_WORLD, &rank);
    MPI_Comm_size(MPI_COMM_WORLD, &size);
    CHECK(provided == MPI_THREAD_MULTIPLE);
    int next = (rank + 1) % size, last = (rank + size - 1) % size;
#pragma omp parallel num_threads(THREADS)
    {
        int me = omp_get_thread_num();
        unsigned char *out = malloc(LENGTH), *in = malloc(LENGTH);
        for (int round = 0; round < ROUNDS; round++) {
            size_t length = round % 3 ? 100 : LENGTH;
            fill(out, length, rank * 8 + me + round);
            MPI_Sendrecv(out, (int)length, MPI_BYTE, next, me, in, (int)length, MPI_BYTE, last, me, MPI_COMM_WORLD, MPI_STATUS_IGNORE);
            CHECK(holds(in, length, last * 8 + me + round));
        }
        free(out);
        free(in);
    }
    say("all threads send and receive");
    long sum = 0;
#pragma omp parallel for reduction(+ : sum) num_threads(THREADS)
    for (int index = 0; index < 1000000; index++)
        sum += index % (rank + 2);
    long all;
    MPI_Allreduce(&sum, &all, 1, MPI_LONG, MPI_SUM, MPI_COMM_WORLD);
    if (rank == 0)
        printf("sum %ld\n", all);
    MPI_Finalize();
    return 0;
}
