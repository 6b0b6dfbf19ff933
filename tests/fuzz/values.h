// Arguments that have a chance of getting past the first check of a call.
#pragma once
#include "fuzz.h"

// Everything that is mapped, unmapped and shrunk happens here, far from the program itself.
#define ARENA 0x100000000000ull
#define ARENA_BYTES (64ull << 20)
#define PAGE 4096ull
#define SAFE 0x0f0000000000ull

static const char *const paths[] = {
    "", "/", ".", "..", "/tmp", "/tmp/a", "/tmp/b", "/tmp/dir", "/tmp/dir/c", "/tmp/link", "/no/such", "/proc/self/maps", "/proc/self/fd",
    "/proc/self/status", "/proc/self/fd/0", "/proc/self/exe", "/proc/meminfo", "/proc/self/mem", "/sys", "/dev/null", "/dev/shm/x",
    "/tmp/../../../../etc/passwd", "a", "./b/../a", "/tmp/fifo", "/tmp/socket", "user.name", "/dev/tty", "/proc/self/root/tmp", "/proc/1/maps",
};
enum { PATHS = sizeof paths / sizeof *paths };

// A read-only page: masks that never block what the watchdog sends, an event without a fatal signal.
static u64 *safe_page;

NOISE void make_safe_page(void) {
    safe_page = mmap((void *)SAFE, PAGE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED, -1, 0);
    safe_page[0] = 0;
    safe_page[1] = (u64)safe_page; // {pointer, length} for pselect6
    safe_page[2] = 8;
    safe_page[4] = 0x1234;         // sigevent: value, SIGUSR2, SIGEV_SIGNAL
    safe_page[5] = SIGUSR2;
    for (int i = 0; i < PATHS; i++)
        strcpy((char *)safe_page + 512 + i * 64, paths[i]);
    mprotect(safe_page, PAGE, PROT_READ);
}

NOISE u64 a_path(u64 *rng) { return SAFE + 512 + below(rng, PATHS) * 64; }

NOISE u64 a_pointer(u64 *rng) {
    static const u64 strange[] = {
        0, 1, 8, 0xfff, 0x1000, 0x7fff7ffff000, 0x7fff7ffffff8, 0x7fff7fffffff, 0x7fff80000000, 0x7fff80001000, 0x7fff80001fff,
        0x7fff80100000, 0x7fff80101000, 0x7fff80102000, 0x7fff80103000, 0x7fff80103ff8, 0x7fff80104000, 0x7fff80105000, 0x7ffffffff000,
        0x7fffffffffff, 0x800000000000, 0xffff7fffffffffff, 0xffff800000000000, 0xffffffff80000000, 0xffffffffffffe000,
        0xffffffffff600000, 0xffffffffffffff00, 0xffffffffffffffff, 0x8000000000000000, 0x00ff000000000000,
    };
    switch (below(rng, 8)) {
    case 0:
        return strange[below(rng, sizeof strange / sizeof *strange)];
    case 1:
        return a_path(rng);
    case 2: // the last bytes of a page
        return ARENA + below(rng, ARENA_BYTES / PAGE) * PAGE + PAGE - 1 - below(rng, 64);
    case 3: // just around the end of the arena
        return ARENA + ARENA_BYTES - below(rng, 256);
    default:
        return ARENA + below(rng, ARENA_BYTES / 8) * 8;
    }
}

NOISE u64 a_size(u64 *rng) {
    static const u64 sizes[] = {0, 1, 7, 8, 16, 64, 128, 4095, 4096, 4097, 65535, 65536, 1 << 20, 0x7fffffff, 0x80000000, 0xffffffff,
        0x100000000, 0x7fffffffffffffff, 0x8000000000000000, 0xfffffffffffff000, 0xffffffffffffffff};
    return below(rng, 3) ? sizes[below(rng, sizeof sizes / sizeof *sizes)] : below(rng, 9000);
}

NOISE u64 a_descriptor(u64 *rng) {
    static const u64 strange[] = {0xffffffffffffffff, 0xffffff9c, (u64)-100, 0x7fffffff, 0x80000000, 1024, 700, 0x100000003};
    u64 usual = below(rng, 48);
    return below(rng, 10) ? usual + (usual == 2) : strange[below(rng, 8)];
}

NOISE u64 a_value(u64 *rng) {
    switch (below(rng, 10)) {
    case 0:
        return next(rng);
    case 1:
        return a_size(rng);
    case 2:
        return 1ull << below(rng, 64);
    case 3:
        return (1ull << below(rng, 32)) | (1ull << below(rng, 32)) | (1ull << below(rng, 32));
    case 4:
    case 5:
        return a_pointer(rng);
    case 6:
    case 7:
        return a_descriptor(rng);
    default:
        return below(rng, 32);
    }
}
