/* A ring over all ranks, each message filled by its sender; every rank says how many share its node's memory. */
#include "check.h"

int main(int count, char **words) {
    enum { LONGEST = 1 << 20 };
    MPI_Init(&count, &words);
    MPI_Comm_rank(MPI_COMM_WORLD, &rank);
    MPI_Comm_size(MPI_COMM_WORLD, &size);
    MPI_Comm node;
    int onNode, next = (rank + 1) % size, last = (rank + size - 1) % size;
    MPI_Comm_split_type(MPI_COMM_WORLD, MPI_COMM_TYPE_SHARED, 0, MPI_INFO_NULL, &node);
    MPI_Comm_size(node, &onNode);
    unsigned char *out = malloc(LONGEST), *in = malloc(LONGEST);
    for (int length = 1; length <= LONGEST; length *= 4) {
        fill(out, length, rank + length);
        MPI_Sendrecv(out, length, MPI_BYTE, next, 0, in, length, MPI_BYTE, last, 0, MPI_COMM_WORLD, MPI_STATUS_IGNORE);
        CHECK(holds(in, length, last + length));
    }
    printf("rank %d of %d, %d on its node\n", rank, size, onNode);
    free(out);
    free(in);
    MPI_Finalize();
    return 0;
}
