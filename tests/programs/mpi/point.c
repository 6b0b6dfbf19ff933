/* Messages between two ranks and round the ring: every size class of every transport, from all kinds of memory. */
#include "check.h"
#include <sys/mman.h>

static unsigned char in_data[200000] = {1}, in_bss[200000];

static void ring(size_t length, unsigned char *out, unsigned char *in) {
    int next = (rank + 1) % size, last = (rank + size - 1) % size;
    fill(out, length, rank);
    memset(in, 0, length);
    MPI_Sendrecv(out, (int)length, MPI_BYTE, next, 5, in, (int)length, MPI_BYTE, last, 5, MPI_COMM_WORLD, MPI_STATUS_IGNORE);
    CHECK(holds(in, length, last));
}

static void sizes(void) {
    size_t most = (8 << 20) + 3;
    unsigned char *out = malloc(most), *in = malloc(most);
    for (size_t length = 0; length < 70000; length = length * 2 + 1)
        ring(length, out, in);
    for (size_t length = 65536; length <= most; length *= 2) {
        ring(length, out, in);
        ring(length - 1, out + 1, in + 1);
        ring(length > most - 3 ? most : length + 3, out, in);
    }
    free(out);
    free(in);
    say("ring of all sizes");
}

/* Buffers that come and go: a stale mapping of a peer's memory would show. */
static void fresh(void) {
    for (int round = 0; round < 60; round++) {
        size_t length = 40000 + (size_t)round * 30011;
        unsigned char *out = mmap(NULL, length, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
        unsigned char *in = mmap(NULL, length, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
        CHECK(out != MAP_FAILED && in != MAP_FAILED);
        ring(length, out, in);
        munmap(out, length);
        munmap(in, length);
    }
    say("fresh buffers");
}

/* Pages that were never touched, read-only ones, pages of files, of shared maps and of the program itself. */
static void kinds(void) {
    size_t length = 150000;
    int next = (rank + 1) % size, last = (rank + size - 1) % size;
    unsigned char *in = malloc(length), *zeroes = calloc(1, length);
    unsigned char *untouched = mmap(NULL, length, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    MPI_Sendrecv(untouched, (int)length, MPI_BYTE, next, 1, in, (int)length, MPI_BYTE, last, 1, MPI_COMM_WORLD, MPI_STATUS_IGNORE);
    CHECK(memcmp(in, zeroes, length) == 0);
    unsigned char *fixed = mmap(NULL, length, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    fill(fixed, length, rank);
    CHECK(mprotect(fixed, length, PROT_READ) == 0);
    MPI_Sendrecv(fixed, (int)length, MPI_BYTE, next, 2, in, (int)length, MPI_BYTE, last, 2, MPI_COMM_WORLD, MPI_STATUS_IGNORE);
    CHECK(holds(in, length, last));
    unsigned char *shared = mmap(NULL, length, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    ring(length, shared, in);
    ring(length, in, shared);
    ring(length, in_data, in);
    ring(length, in_bss, in_data);
    ring(length, in, in_bss);
    FILE *file = tmpfile();
    CHECK(file != NULL);
    fill(in, length, rank);
    CHECK(fwrite(in, 1, length, file) == length && fflush(file) == 0);
    unsigned char *mapped = mmap(NULL, length, PROT_READ | PROT_WRITE, MAP_PRIVATE, fileno(file), 0);
    CHECK(mapped != MAP_FAILED);
    MPI_Sendrecv(mapped, (int)length, MPI_BYTE, next, 3, in, (int)length, MPI_BYTE, last, 3, MPI_COMM_WORLD, MPI_STATUS_IGNORE);
    CHECK(holds(in, length, last));
    mapped[0]++;
    mapped[0]--;
    ring(length, mapped, mapped == in ? mapped : in);
    say("all kinds of memory");
}

static void many(void) {
    enum { COUNT = 200, LENGTH = 3000 };
    static unsigned char out[COUNT][LENGTH], in[COUNT][LENGTH];
    MPI_Request requests[2 * COUNT];
    int next = (rank + 1) % size, last = (rank + size - 1) % size;
    for (int index = 0; index < COUNT; index++) {
        fill(out[index], LENGTH, rank + index);
        MPI_Irecv(in[index], LENGTH, MPI_BYTE, last, index, MPI_COMM_WORLD, &requests[index]);
    }
    for (int index = COUNT - 1; index >= 0; index--)
        MPI_Isend(out[index], LENGTH, MPI_BYTE, next, index, MPI_COMM_WORLD, &requests[COUNT + index]);
    MPI_Waitall(2 * COUNT, requests, MPI_STATUSES_IGNORE);
    for (int index = 0; index < COUNT; index++)
        CHECK(holds(in[index], LENGTH, last + index));
    say("many at once, in another order");
}

static void probed(void) {
    if (rank == 0)
        for (int from = 1; from < size; from++) {
            MPI_Status status;
            int length;
            MPI_Probe(MPI_ANY_SOURCE, 9, MPI_COMM_WORLD, &status);
            MPI_Get_count(&status, MPI_BYTE, &length);
            unsigned char *in = malloc((size_t)length);
            MPI_Recv(in, length, MPI_BYTE, status.MPI_SOURCE, 9, MPI_COMM_WORLD, MPI_STATUS_IGNORE);
            CHECK(length == 100000 + status.MPI_SOURCE && holds(in, (size_t)length, status.MPI_SOURCE));
            free(in);
        }
    else {
        unsigned char *out = malloc(100000 + (size_t)rank);
        fill(out, 100000 + (size_t)rank, rank);
        MPI_Ssend(out, 100000 + rank, MPI_BYTE, 0, 9, MPI_COMM_WORLD);
        free(out);
    }
    say("probed and synchronous");
}

static void strided(void) {
    MPI_Datatype column;
    int (*matrix)[500] = malloc(sizeof(int[500][500])), (*received)[500] = calloc(1, sizeof(int[500][500]));
    for (int y = 0; y < 500; y++)
        for (int x = 0; x < 500; x++)
            matrix[y][x] = rank * 1000000 + y * 500 + x;
    MPI_Type_vector(500, 3, 500, MPI_INT, &column);
    MPI_Type_commit(&column);
    int next = (rank + 1) % size, last = (rank + size - 1) % size;
    MPI_Sendrecv(&matrix[0][7], 1, column, next, 4, &received[0][11], 1, column, last, 4, MPI_COMM_WORLD, MPI_STATUS_IGNORE);
    for (int y = 0; y < 500; y++)
        for (int x = 0; x < 3; x++)
            CHECK(received[y][11 + x] == last * 1000000 + y * 500 + 7 + x);
    CHECK(received[3][10] == 0 && received[3][14] == 0);
    MPI_Type_free(&column);
    say("strided types");
}

int main(int count, char **words) {
    start(&count, &words);
    sizes();
    fresh();
    kinds();
    many();
    probed();
    strided();
    MPI_Finalize();
    return 0;
}
