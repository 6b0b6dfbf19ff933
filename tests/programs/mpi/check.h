/* What the MPI programs share: a check that ends the whole job, and data that tells where it came from. */
#include <mpi.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static int rank, size;

#define CHECK(condition) \
    do { \
        if (!(condition)) { \
            fprintf(stderr, "rank %d: %s:%d: %s\n", rank, __FILE__, __LINE__, #condition); \
            MPI_Abort(MPI_COMM_WORLD, 3); \
        } \
    } while (0)

static unsigned char datum(int from, size_t index) { return (unsigned char)(from * 37 + index * 7 + index / 251); }

static void fill(unsigned char *data, size_t length, int from) {
    for (size_t index = 0; index < length; index++)
        data[index] = datum(from, index);
}

static int holds(const unsigned char *data, size_t length, int from) {
    for (size_t index = 0; index < length; index++)
        if (data[index] != datum(from, index))
            return 0;
    return 1;
}

static void say(const char *text) {
    MPI_Barrier(MPI_COMM_WORLD);
    if (rank == 0)
        printf("%s\n", text);
}

static void start(int *count, char ***words) {
    MPI_Init(count, words);
    MPI_Comm_rank(MPI_COMM_WORLD, &rank);
    MPI_Comm_size(MPI_COMM_WORLD, &size);
}
