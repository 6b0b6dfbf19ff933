// System calls: the clock, calls that do nothing, files, pipes, futexes.
#define _GNU_SOURCE
#include "kernels.h"
#include <fcntl.h>
#include <linux/futex.h>
#include <pthread.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <unistd.h>

enum { block_bytes = 4096, file_blocks = 256, warm_up_calls = 200 };

struct round clock_round(uint64_t operations)
{
    uint64_t last = now_ns(), begin = last;
    for (uint64_t i = 0; i < operations; i++) {
        uint64_t now = now_ns();
        require(now >= last, "the clock went back");
        last = now;
    }
    return (struct round){last - begin, operations};
}

static struct round null_round(long number, uint64_t operations)
{
    long expected = syscall(number), wrong = 0;
    // So many that an attendant is awake and polling when the clock starts.
    for (int i = 0; i < warm_up_calls; i++)
        wrong |= syscall(number) ^ expected;
    uint64_t begin = now_ns();
    for (uint64_t i = 0; i < operations; i++)
        wrong |= syscall(number) ^ expected;
    uint64_t end = now_ns();
    require(expected >= 0 && wrong == 0, "a null call");
    return (struct round){end - begin, operations};
}

struct round getppid_round(uint64_t operations) { return null_round(SYS_getppid, operations); }

struct round getpid_round(uint64_t operations) { return null_round(SYS_getpid, operations); }

static void fill(uint64_t *block, uint64_t number)
{
    for (int i = 0; i < block_bytes / 8; i++)
        block[i] = number * 0x9e3779b97f4a7c15u + (uint64_t)i;
}

// A file of 1 MiB in the page cache, gone from the folder as soon as it is open.
static int make_file(void)
{
    const char *folder = getenv("TMPDIR");
    char path[256];
    snprintf(path, sizeof path, "%s/weft-bench-XXXXXX", folder ? folder : "/tmp");
    int file = mkstemp(path);
    require(file >= 0 && unlink(path) == 0, "cannot make a file");
    uint64_t block[block_bytes / 8];
    for (uint64_t i = 0; i < file_blocks; i++) {
        fill(block, i);
        require(pwrite(file, block, block_bytes, (off_t)(i * block_bytes)) == block_bytes, "cannot fill a file");
    }
    return file;
}

struct round read_file_round(uint64_t operations)
{
    static int file = -1;
    if (file < 0)
        file = make_file();
    uint64_t block[block_bytes / 8], expected[block_bytes / 8], begin = now_ns();
    for (uint64_t i = 0; i < operations; i++)
        require(pread(file, block, block_bytes, (off_t)(i % file_blocks * block_bytes)) == block_bytes, "read of a file");
    uint64_t end = now_ns();
    fill(expected, (operations - 1) % file_blocks);
    require(memcmp(block, expected, block_bytes) == 0, "content read from a file");
    return (struct round){end - begin, operations};
}

struct round write_file_round(uint64_t operations)
{
    static int file = -1;
    if (file < 0)
        file = make_file();
    uint64_t block[block_bytes / 8], read[block_bytes / 8];
    fill(block, 12345);
    uint64_t begin = now_ns();
    for (uint64_t i = 0; i < operations; i++)
        require(pwrite(file, block, block_bytes, (off_t)(i % file_blocks * block_bytes)) == block_bytes, "write to a file");
    uint64_t end = now_ns();
    off_t last = (off_t)((operations - 1) % file_blocks * block_bytes);
    require(pread(file, read, block_bytes, last) == block_bytes && memcmp(block, read, block_bytes) == 0, "content written to a file");
    return (struct round){end - begin, operations};
}

// An operation is a write of 4 KiB and the read of it, by one thread.
struct round pipe_round(uint64_t operations)
{
    int ends[2];
    require(pipe(ends) == 0, "cannot make a pipe");
    uint64_t block[block_bytes / 8], read_back[block_bytes / 8];
    fill(block, 777);
    uint64_t begin = now_ns();
    for (uint64_t i = 0; i < operations; i++) {
        block[0] = i;
        require(write(ends[1], block, block_bytes) == block_bytes && read(ends[0], read_back, block_bytes) == block_bytes, "a pipe");
    }
    uint64_t end = now_ns();
    require(memcmp(block, read_back, block_bytes) == 0, "content of a pipe");
    close(ends[0]), close(ends[1]);
    return (struct round){end - begin, operations};
}

static uint32_t turn;
static uint64_t handovers, each;

static void take_turns(uint32_t mine, uint32_t next)
{
    for (uint64_t i = 0; i < each; i++) {
        uint32_t seen;
        while ((seen = __atomic_load_n(&turn, __ATOMIC_ACQUIRE)) != mine)
            syscall(SYS_futex, &turn, FUTEX_WAIT_PRIVATE, seen, 0, 0, 0);
        handovers++;
        __atomic_store_n(&turn, next, __ATOMIC_RELEASE);
        syscall(SYS_futex, &turn, FUTEX_WAKE_PRIVATE, 1, 0, 0, 0);
    }
}

static void *second_thread(void *unused)
{
    take_turns(1, 0);
    return unused;
}

// Two threads that hand a token to each other through a futex, each sleeping while it has none.
struct round futex_round(uint64_t operations)
{
    pthread_t second;
    turn = 0, handovers = 0, each = operations / 2;
    require(pthread_create(&second, 0, second_thread, 0) == 0, "cannot make a thread");
    uint64_t begin = now_ns();
    take_turns(0, 1);
    pthread_join(second, 0);
    uint64_t end = now_ns();
    require(handovers == 2 * each, "futex");
    return (struct round){end - begin, 2 * each};
}
