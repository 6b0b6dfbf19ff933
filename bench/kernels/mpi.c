// Messages between ranks on one host. Words: a kernel and a size in bytes. Rank 0 serves the rounds; the others sleep between
// them, for a rank that waits in MPI polls and would disturb whoever measures then.
#include "rounds.h"
#include <math.h>
#include <mpi.h>
#include <string.h>
#include <unistd.h>

enum { BURST = 16, RATE_BURST = 64, ROUND_TAG = 99, SIDE = 512 };

static int rank, ranks, size;
static unsigned char *out, *in;

static void fill(unsigned char seed)
{
    for (int index = 0; index < size; index += 61)
        out[index] = (unsigned char)(seed + index);
}

static void check(unsigned char seed)
{
    for (int index = 0; index < size; index += 61)
        require(in[index] == (unsigned char)(seed + index), "a message's content");
}

// Half round trips, as latency is told.
static void latency(uint64_t count)
{
    fill((unsigned char)(rank + 1));
    memset(in, 0, (size_t)size);
    for (uint64_t trip = 0; trip < count / 2; trip++) {
        if (rank == 0) {
            MPI_Send(out, size, MPI_BYTE, 1, 0, MPI_COMM_WORLD);
            MPI_Recv(in, size, MPI_BYTE, 1, 0, MPI_COMM_WORLD, MPI_STATUS_IGNORE);
        } else {
            MPI_Recv(in, size, MPI_BYTE, 0, 0, MPI_COMM_WORLD, MPI_STATUS_IGNORE);
            MPI_Send(out, size, MPI_BYTE, 0, 0, MPI_COMM_WORLD);
        }
    }
    check((unsigned char)(2 - rank));
}

// Messages of one direction, a burst in flight at a time.
static void stream(uint64_t count, int burst)
{
    MPI_Request requests[RATE_BURST];
    char ready = 0;
    fill((unsigned char)(rank + 1));
    memset(in, 0, (size_t)size);
    for (uint64_t done = 0; done < count; done += (uint64_t)burst) {
        for (int index = 0; index < burst; index++)
            if (rank == 0)
                MPI_Isend(out, size, MPI_BYTE, 1, 0, MPI_COMM_WORLD, &requests[index]);
            else
                MPI_Irecv(in, size, MPI_BYTE, 0, 0, MPI_COMM_WORLD, &requests[index]);
        MPI_Waitall(burst, requests, MPI_STATUSES_IGNORE);
        if (rank == 0)
            MPI_Recv(&ready, 1, MPI_BYTE, 1, 1, MPI_COMM_WORLD, MPI_STATUS_IGNORE);
        else
            MPI_Send(&ready, 1, MPI_BYTE, 0, 1, MPI_COMM_WORLD);
    }
    if (rank == 1)
        check(1);
}

static void allreduce(uint64_t count)
{
    int length = size / (int)sizeof(double);
    double *values = (double *)out, *sums = (double *)in;
    for (int index = 0; index < length; index++)
        values[index] = rank + index;
    for (uint64_t turn = 0; turn < count; turn++)
        MPI_Allreduce(values, sums, length, MPI_DOUBLE, MPI_SUM, MPI_COMM_WORLD);
    require(sums[length - 1] == ranks * (ranks - 1) / 2.0 + (double)ranks * (length - 1), "a sum");
}

static void alltoall(uint64_t count)
{
    for (int to = 0; to < ranks; to++)
        memset(out + (size_t)to * size, rank + 1, (size_t)size);
    for (uint64_t turn = 0; turn < count; turn++)
        MPI_Alltoall(out, size, MPI_BYTE, in, size, MPI_BYTE, MPI_COMM_WORLD);
    for (int from = 0; from < ranks; from++)
        require(in[(size_t)from * size] == (unsigned char)(from + 1), "a part");
}

// A real code in small: relaxation of a square whose halves lie in two ranks, borders exchanged and changes summed up.
static void relax(uint64_t sweeps)
{
    static double grid[2][SIDE / 2 + 2][SIDE];
    int rows = SIDE / ranks;
    memset(grid, 0, sizeof grid);
    for (int x = 0; x < SIDE; x++)
        grid[0][0][x] = grid[1][0][x] = rank == 0 ? 1.0 : 0.0;
    double change = 0;
    for (uint64_t sweep = 0; sweep < sweeps; sweep++) {
        double(*from)[SIDE] = grid[sweep & 1], (*to)[SIDE] = grid[~sweep & 1], own = 0;
        int above = rank > 0 ? rank - 1 : MPI_PROC_NULL, below = rank < ranks - 1 ? rank + 1 : MPI_PROC_NULL;
        MPI_Sendrecv(from[1], SIDE, MPI_DOUBLE, above, 2, from[rows + 1], SIDE, MPI_DOUBLE, below, 2, MPI_COMM_WORLD, MPI_STATUS_IGNORE);
        MPI_Sendrecv(from[rows], SIDE, MPI_DOUBLE, below, 3, from[0], SIDE, MPI_DOUBLE, above, 3, MPI_COMM_WORLD, MPI_STATUS_IGNORE);
        for (int y = 1; y <= rows; y++)
            for (int x = 1; x < SIDE - 1; x++) {
                to[y][x] = 0.25 * (from[y - 1][x] + from[y + 1][x] + from[y][x - 1] + from[y][x + 1]);
                own += (to[y][x] - from[y][x]) * (to[y][x] - from[y][x]);
            }
        MPI_Allreduce(&own, &change, 1, MPI_DOUBLE, MPI_SUM, MPI_COMM_WORLD);
    }
    require(isfinite(change) && change >= 0 && (sweeps < 2 || change < SIDE), "the change of a sweep");
}

static void run(const char *kernel, uint64_t count)
{
    if (!strcmp(kernel, "latency"))
        latency(count);
    else if (!strcmp(kernel, "bandwidth"))
        stream(count, BURST);
    else if (!strcmp(kernel, "rate"))
        stream(count, RATE_BURST);
    else if (!strcmp(kernel, "allreduce"))
        allreduce(count);
    else if (!strcmp(kernel, "alltoall"))
        alltoall(count);
    else
        relax(count);
}

static const char *chosen;

static struct round measure(uint64_t count)
{
    for (int other = 1; other < ranks; other++)
        MPI_Send(&count, 1, MPI_UINT64_T, other, ROUND_TAG, MPI_COMM_WORLD);
    if (count == 0)
        return (struct round){0, 0};
    MPI_Barrier(MPI_COMM_WORLD);
    uint64_t start = now_ns();
    run(chosen, count);
    MPI_Barrier(MPI_COMM_WORLD);
    // Bursts are whole.
    uint64_t burst = !strcmp(chosen, "bandwidth") ? BURST : !strcmp(chosen, "rate") ? RATE_BURST : 1;
    return (struct round){now_ns() - start, (count + burst - 1) / burst * burst};
}

int main(int words, char **word)
{
    MPI_Init(&words, &word);
    MPI_Comm_rank(MPI_COMM_WORLD, &rank);
    MPI_Comm_size(MPI_COMM_WORLD, &ranks);
    require(words == 3 && ranks >= 2, "the words: a kernel and a size");
    chosen = word[1];
    size = atoi(word[2]);
    out = calloc((size_t)ranks, (size_t)size + 64);
    in = calloc((size_t)ranks, (size_t)size + 64);
    if (rank == 0) {
        serve(measure);
        measure(0);
    } else
        for (;;) {
            uint64_t count;
            int ready = 0;
            for (MPI_Iprobe(0, ROUND_TAG, MPI_COMM_WORLD, &ready, MPI_STATUS_IGNORE); !ready;
                 MPI_Iprobe(0, ROUND_TAG, MPI_COMM_WORLD, &ready, MPI_STATUS_IGNORE))
                usleep(30000);
            MPI_Recv(&count, 1, MPI_UINT64_T, 0, ROUND_TAG, MPI_COMM_WORLD, MPI_STATUS_IGNORE);
            if (count == 0)
                break;
            MPI_Barrier(MPI_COMM_WORLD);
            run(chosen, count);
            MPI_Barrier(MPI_COMM_WORLD);
        }
    MPI_Finalize();
    return 0;
}
