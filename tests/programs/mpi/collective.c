/* Collective calls, on small and large data, on the world and on parts of it. */
#include "check.h"

static void reductions(int length) {
    long *in = malloc(sizeof(long) * (size_t)length), *out = malloc(sizeof(long) * (size_t)length);
    for (int index = 0; index < length; index++)
        in[index] = (long)rank * index + 1;
    MPI_Allreduce(in, out, length, MPI_LONG, MPI_SUM, MPI_COMM_WORLD);
    for (int index = 0; index < length; index++)
        CHECK(out[index] == (long)size * (size - 1) / 2 * index + size);
    MPI_Reduce(in, out, length, MPI_LONG, MPI_MAX, size - 1, MPI_COMM_WORLD);
    if (rank == size - 1)
        CHECK(out[length - 1] == (long)(size - 1) * (length - 1) + 1);
    MPI_Scan(in, out, length, MPI_LONG, MPI_SUM, MPI_COMM_WORLD);
    CHECK(out[length - 1] == (long)rank * (rank + 1) / 2 * (length - 1) + rank + 1);
    free(in);
    free(out);
}

static void moves(int length) {
    size_t all = (size_t)length * (size_t)size;
    unsigned char *part = malloc((size_t)length), *whole = malloc(all), *turned = malloc(all);
    fill(part, (size_t)length, rank);
    MPI_Allgather(part, length, MPI_BYTE, whole, length, MPI_BYTE, MPI_COMM_WORLD);
    for (int from = 0; from < size; from++)
        CHECK(holds(whole + (size_t)from * length, (size_t)length, from));
    for (int to = 0; to < size; to++)
        fill(whole + (size_t)to * length, (size_t)length, rank * 16 + to);
    MPI_Alltoall(whole, length, MPI_BYTE, turned, length, MPI_BYTE, MPI_COMM_WORLD);
    for (int from = 0; from < size; from++)
        CHECK(holds(turned + (size_t)from * length, (size_t)length, from * 16 + rank));
    if (rank == 0)
        fill(part, (size_t)length, 99);
    MPI_Bcast(part, length, MPI_BYTE, 0, MPI_COMM_WORLD);
    CHECK(holds(part, (size_t)length, 99));
    if (rank == 0)
        for (int to = 0; to < size; to++)
            fill(whole + (size_t)to * length, (size_t)length, to + 50);
    MPI_Scatter(whole, length, MPI_BYTE, part, length, MPI_BYTE, 0, MPI_COMM_WORLD);
    CHECK(holds(part, (size_t)length, rank + 50));
    MPI_Gather(part, length, MPI_BYTE, turned, length, MPI_BYTE, size - 1, MPI_COMM_WORLD);
    if (rank == size - 1)
        for (int from = 0; from < size; from++)
            CHECK(holds(turned + (size_t)from * length, (size_t)length, from + 50));
    free(part);
    free(whole);
    free(turned);
}

static void parts(void) {
    MPI_Comm half, host;
    int inHalf, inHost;
    MPI_Comm_split(MPI_COMM_WORLD, rank % 2, -rank, &half);
    MPI_Comm_size(half, &inHalf);
    int sum, one = 1;
    MPI_Allreduce(&one, &sum, 1, MPI_INT, MPI_SUM, half);
    CHECK(sum == inHalf && inHalf == (size + 1 - rank % 2) / 2);
    MPI_Comm_split_type(MPI_COMM_WORLD, MPI_COMM_TYPE_SHARED, 0, MPI_INFO_NULL, &host);
    MPI_Comm_size(host, &inHost);
    CHECK(inHost == size);
    MPI_Comm_free(&half);
    MPI_Comm_free(&host);
    say("parts of the world; all ranks on one host");
}

static void overlapped(void) {
    enum { LENGTH = 300000 };
    unsigned char *data = malloc(LENGTH);
    double value = rank, sum;
    MPI_Request requests[2];
    if (rank == size - 1)
        fill(data, LENGTH, 7);
    MPI_Ibcast(data, LENGTH, MPI_BYTE, size - 1, MPI_COMM_WORLD, &requests[0]);
    MPI_Iallreduce(&value, &sum, 1, MPI_DOUBLE, MPI_SUM, MPI_COMM_WORLD, &requests[1]);
    MPI_Waitall(2, requests, MPI_STATUSES_IGNORE);
    CHECK(holds(data, LENGTH, 7) && sum == size * (size - 1) / 2.0);
    free(data);
    say("overlapped collectives");
}

int main(int count, char **words) {
    start(&count, &words);
    int lengths[] = {1, 17, 1000, 8192, 65536, 1000001};
    for (int index = 0; index < 6; index++) {
        reductions(lengths[index]);
        moves(lengths[index]);
    }
    say("reductions and moves");
    for (int round = 0; round < 500; round++)
        MPI_Barrier(MPI_COMM_WORLD);
    say("barriers");
    parts();
    overlapped();
    MPI_Finalize();
    return 0;
}
