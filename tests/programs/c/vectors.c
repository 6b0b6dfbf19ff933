// Vector units up to AVX-512 where the processor has them: kernels whose results are known, and registers that must
// survive signals, system calls and other threads.
#include "check.h"
#include <immintrin.h>
#include <math.h>
#include <pthread.h>
#include <signal.h>
#include <stdint.h>
#include <sys/syscall.h>

enum { N = 4096, TURNS = 3000 };
static volatile sig_atomic_t hits;

static void clobber(int number)
{
    (void)number;
    hits++;
    __asm__ volatile("pxor %%xmm0, %%xmm0\npxor %%xmm7, %%xmm7\npxor %%xmm15, %%xmm15" ::: "xmm0", "xmm7", "xmm15");
    if (__builtin_cpu_supports("avx512f"))
        __asm__ volatile("vpternlogd $0xff, %%zmm31, %%zmm31, %%zmm31\nvpxorq %%zmm5, %%zmm5, %%zmm5\nkxorw %%k3, %%k3, %%k3" ::: "memory");
    else if (__builtin_cpu_supports("avx2"))
        __asm__ volatile("vpxor %%ymm5, %%ymm5, %%ymm5" ::: "xmm5");
    else
        return;
    volatile double x = 1.5;
    hits += sqrt(x) < 0;
}

__attribute__((target("avx2,fma"))) static double dot_avx2(const float *a, const float *b)
{
    __m256 sum = _mm256_setzero_ps();
    for (int i = 0; i < N; i += 8)
        sum = _mm256_fmadd_ps(_mm256_loadu_ps(a + i), _mm256_loadu_ps(b + i), sum);
    float parts[8];
    _mm256_storeu_ps(parts, sum);
    double total = 0;
    for (int i = 0; i < 8; i++)
        total += parts[i];
    return total;
}

__attribute__((target("avx512f"))) static double dot_avx512(const float *a, const float *b)
{
    __m512 sum = _mm512_setzero_ps();
    for (int i = 0; i < N; i += 16)
        sum = _mm512_fmadd_ps(_mm512_loadu_ps(a + i), _mm512_loadu_ps(b + i), sum);
    return _mm512_reduce_add_ps(sum);
}

// Fills vector registers, does something that leaves them to the kernel, and compares.
__attribute__((target("avx512f"))) static void keep_avx512(uint64_t seed, int call)
{
    uint64_t before[8], after[3][8], mask;
    for (int i = 0; i < 8; i++)
        before[i] = seed * (uint64_t)(i + 1);
    __asm__ volatile("vmovdqu64 %[in], %%zmm5\n"
                     "vmovdqu64 %[in], %%zmm16\n"
                     "vmovdqu64 %[in], %%zmm31\n"
                     "mov $0x5a5a, %%ecx\n"
                     "kmovw %%ecx, %%k3\n"
                     "mov %[number], %%eax\n"
                     "cmp $0, %%eax\n"
                     "jl 1f\n"
                     "syscall\n"
                     "jmp 2f\n"
                     "1: mov $3000, %%ecx\n"
                     "3: pause\n"
                     "dec %%ecx\n"
                     "jnz 3b\n"
                     "2: vmovdqu64 %%zmm5, %[a]\n"
                     "vmovdqu64 %%zmm16, %[b]\n"
                     "vmovdqu64 %%zmm31, %[c]\n"
                     "xor %%ecx, %%ecx\n"
                     "kmovw %%k3, %%ecx\n"
                     "mov %%rcx, %[mask]\n"
                     : [a] "=m"(after[0]), [b] "=m"(after[1]), [c] "=m"(after[2]), [mask] "=m"(mask)
                     : [in] "m"(before), [number] "r"(call)
                     : "rax", "rcx", "r11", "memory", "xmm5", "xmm16", "xmm31", "k3");
    for (int i = 0; i < 3; i++)
        CHECK(memcmp(before, after[i], sizeof before) == 0);
    CHECK(mask == 0x5a5a);
}

__attribute__((target("avx2"))) static void keep_avx2(uint64_t seed, int call)
{
    uint64_t before[4] = { seed, seed * 3, seed * 5, seed * 7 }, after[2][4];
    __asm__ volatile("vmovdqu %[in], %%ymm5\n"
                     "vmovdqu %[in], %%ymm15\n"
                     "mov %[number], %%eax\n"
                     "cmp $0, %%eax\n"
                     "jl 1f\n"
                     "syscall\n"
                     "jmp 2f\n"
                     "1: mov $3000, %%ecx\n"
                     "3: pause\n"
                     "dec %%ecx\n"
                     "jnz 3b\n"
                     "2: vmovdqu %%ymm5, %[a]\n"
                     "vmovdqu %%ymm15, %[b]\n"
                     : [a] "=m"(after[0]), [b] "=m"(after[1])
                     : [in] "m"(before), [number] "r"(call)
                     : "rax", "rcx", "r11", "memory", "xmm5", "xmm15");
    CHECK(memcmp(before, after[0], sizeof before) == 0 && memcmp(before, after[1], sizeof before) == 0);
}

static void *keep(void *argument)
{
    uint64_t seed = 0x0123456789abcdef * ((uintptr_t)argument + 1) | 1;
    for (int i = 0; i < TURNS; i++, seed = seed * 6364136223846793005 + 1) {
        int call = i % 3 == 0 ? SYS_getppid : i % 3 == 1 ? SYS_sched_yield : -1;
        if (__builtin_cpu_supports("avx512f"))
            keep_avx512(seed, call);
        if (__builtin_cpu_supports("avx2"))
            keep_avx2(seed, call);
    }
    return NULL;
}

int main(void)
{
    static float a[N], b[N];
    double expected = 0;
    for (int i = 0; i < N; i++) {
        a[i] = (float)(i % 7);
        b[i] = (float)(i % 5);
        expected += (double)a[i] * b[i];
    }
    printf("avx2 %s\n", !__builtin_cpu_supports("avx2") || dot_avx2(a, b) == expected ? "right" : "wrong");
    printf("avx512 %s\n", !__builtin_cpu_supports("avx512f") || dot_avx512(a, b) == expected ? "right" : "wrong");
    printf("units %d %d\n", !!__builtin_cpu_supports("avx2"), !!__builtin_cpu_supports("avx512f"));

    unsigned control = _mm_getcsr();
    _mm_setcsr(control | 0x8000);
    raise(0);
    syscall(SYS_getppid);
    CHECK(_mm_getcsr() == (control | 0x8000));
    _mm_setcsr(control);

    signal(SIGUSR1, clobber);
    pthread_t threads[4];
    for (uintptr_t i = 0; i < 4; i++)
        pthread_create(&threads[i], NULL, keep, (void *)i);
    for (int i = 0; i < 400; i++) {
        pthread_kill(threads[i % 4], SIGUSR1);
        usleep(200);
    }
    for (int i = 0; i < 4; i++)
        pthread_join(threads[i], NULL);
    printf("registers kept, %s\n", hits > 0 ? "under signals" : "without signals");
    return 0;
}
