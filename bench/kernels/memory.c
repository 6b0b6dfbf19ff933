// Latency and bandwidth of memory, and what a page's first touch costs.
#define _GNU_SOURCE
#include "kernels.h"
#include <sys/mman.h>

enum { cache_line = 64, page_bytes = 4096, chase_bytes = 64 << 20, triad_doubles = 4 << 20 };

struct node {
    struct node *next;
    char rest[cache_line - sizeof(struct node *)];
};

// One cycle through all nodes in random order (Sattolo), the same one every time.
static struct node *make_cycle(uint64_t count)
{
    struct node *nodes = aligned_alloc(page_bytes, count * sizeof *nodes);
    uint32_t *order = malloc(count * sizeof *order);
    require(nodes && order, "no memory");
    uint64_t random = 88172645463325252u;
    for (uint64_t i = 0; i < count; i++)
        order[i] = (uint32_t)i;
    for (uint64_t i = count - 1; i > 0; i--) {
        random ^= random << 13, random ^= random >> 7, random ^= random << 17;
        uint64_t other = random % i;
        uint32_t swap = order[i];
        order[i] = order[other], order[other] = swap;
    }
    for (uint64_t i = 0; i < count; i++)
        nodes[order[i]].next = &nodes[order[(i + 1) % count]];
    free(order);
    return nodes;
}

// OPERATIONS is rounded to whole turns of the cycle, so that the walk must end where it began.
struct round chase_round(uint64_t operations)
{
    const uint64_t count = chase_bytes / sizeof(struct node);
    static struct node *start;
    if (!start)
        start = make_cycle(count);
    uint64_t turns = operations / count ? operations / count : 1;
    struct node *at = start;
    uint64_t begin = now_ns();
    for (uint64_t i = 0; i < turns * count; i++)
        at = at->next;
    keep(at);
    uint64_t end = now_ns();
    require(at == start, "chase");
    return (struct round){end - begin, turns * count};
}

// a = b + s * c over three arrays of 32 MiB; an operation is one pass, 96 MiB of traffic.
struct round triad_round(uint64_t operations)
{
    static double *a, *b, *c;
    if (!a) {
        a = aligned_alloc(page_bytes, triad_doubles * sizeof *a);
        b = aligned_alloc(page_bytes, triad_doubles * sizeof *b);
        c = aligned_alloc(page_bytes, triad_doubles * sizeof *c);
        require(a && b && c, "no memory");
        for (int i = 0; i < triad_doubles; i++)
            a[i] = 0, b[i] = i, c[i] = 2;
    }
    uint64_t begin = now_ns();
    for (uint64_t pass = 0; pass < operations; pass++) {
        double scalar = (double)(pass + 1);
        keep(scalar);
        for (int i = 0; i < triad_doubles; i++)
            a[i] = b[i] + scalar * c[i];
        __asm__ volatile("" : : "r"(a) : "memory");
    }
    uint64_t end = now_ns();
    for (int i = 0; i < triad_doubles; i += 4099)
        require(a[i] == i + 2.0 * (double)operations, "triad");
    return (struct round){end - begin, operations};
}

// OPERATIONS is the length in MiB of a fresh anonymous map; each of its pages is read, found zero, and written.
struct round touch_round(uint64_t operations)
{
    uint64_t bytes = operations << 20, sum = 0;
    uint64_t begin = now_ns();
    volatile uint64_t *map = mmap(0, bytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    require(map != MAP_FAILED, "no memory");
    for (uint64_t at = 0; at < bytes; at += page_bytes)
        sum += map[at / 8], map[at / 8] = at + 1;
    uint64_t end = now_ns();
    require(sum == 0, "touch: a fresh page is not zero");
    for (uint64_t at = 0; at < bytes; at += page_bytes)
        require(map[at / 8] == at + 1, "touch: a page lost its content");
    munmap((void *)map, bytes);
    return (struct round){end - begin, bytes / page_bytes};
}
