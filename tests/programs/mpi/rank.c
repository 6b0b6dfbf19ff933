// A rank that needs no other: collectives, messages to itself, derived types, one-sided access, its own communicators.
#include <mpi.h>
#include <stdio.h>

int main(int argc, char **argv)
{
    int provided, rank, size, sum = 0, value = 21;
    MPI_Init_thread(&argc, &argv, MPI_THREAD_MULTIPLE, &provided);
    MPI_Comm_rank(MPI_COMM_WORLD, &rank);
    MPI_Comm_size(MPI_COMM_WORLD, &size);
    printf("rank %d of %d\n", rank, size);

    MPI_Allreduce(&value, &sum, 1, MPI_INT, MPI_SUM, MPI_COMM_WORLD);
    printf("sum %d\n", sum);

    static int out[65536], in[65536];
    MPI_Request requests[2];
    for (int bytes = 1; bytes <= 65536; bytes *= 16) {
        for (int i = 0; i < bytes; i++)
            out[i] = i ^ bytes;
        MPI_Irecv(in, bytes, MPI_INT, rank, 7, MPI_COMM_WORLD, &requests[0]);
        MPI_Isend(out, bytes, MPI_INT, rank, 7, MPI_COMM_WORLD, &requests[1]);
        MPI_Waitall(2, requests, MPI_STATUSES_IGNORE);
        int wrong = 0;
        for (int i = 0; i < bytes; i++)
            wrong += in[i] != out[i];
        printf("to itself %d: %d wrong\n", bytes, wrong);
    }

    MPI_Datatype column;
    MPI_Type_vector(8, 1, 16, MPI_INT, &column);
    MPI_Type_commit(&column);
    MPI_Sendrecv(out, 1, column, rank, 1, in, 8, MPI_INT, rank, 1, MPI_COMM_WORLD, MPI_STATUS_IGNORE);
    printf("column %d %d\n", in[1] == out[16], in[7] == out[112]);
    MPI_Type_free(&column);

    MPI_Win window;
    int *memory;
    MPI_Win_allocate(64 * sizeof(int), sizeof(int), MPI_INFO_NULL, MPI_COMM_WORLD, &memory, &window);
    MPI_Win_fence(0, window);
    value = 99;
    MPI_Put(&value, 1, MPI_INT, rank, 5, 1, MPI_INT, window);
    MPI_Win_fence(0, window);
    printf("window %d\n", memory[5]);
    MPI_Win_free(&window);

    MPI_Comm half;
    MPI_Comm_split(MPI_COMM_WORLD, rank % 2, rank, &half);
    MPI_Barrier(half);
    MPI_Comm_free(&half);
    MPI_Finalize();
    puts("finalized");
    return 0;
}
