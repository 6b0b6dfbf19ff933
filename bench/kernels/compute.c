// Integer, floating-point and vector arithmetic. Each has a closed form to check the answer against.
#include "kernels.h"
#include <immintrin.h>
#include <math.h>

static const uint64_t multiplier = 6364136223846793005u, increment = 1442695040888963407u;

// The state of x = multiplier * x + increment after n steps, by squaring.
static uint64_t jump(uint64_t x, uint64_t n)
{
    uint64_t factor = 1, sum = 0, square = multiplier, term = increment;
    for (; n; n >>= 1) {
        if (n & 1) {
            factor *= square;
            sum = sum * square + term;
        }
        term *= square + 1;
        square *= square;
    }
    return factor * x + sum;
}

struct round integer_round(uint64_t operations)
{
    uint64_t x = 42, odd = 0, begin = now_ns();
    for (uint64_t i = 0; i < operations; i++) {
        x = x * multiplier + increment;
        odd += x & 1;
        keep(x);
    }
    uint64_t end = now_ns();
    require(x == jump(42, operations) && odd == operations / 2, "integer");
    return (struct round){end - begin, operations};
}

struct round floating_round(uint64_t operations)
{
    double width = 1.0 / (double)operations, sum = 0;
    uint64_t begin = now_ns();
    for (uint64_t i = 0; i < operations; i++) {
        double x = ((double)i + 0.5) * width;
        sum += 4.0 / (1.0 + x * x);
    }
    uint64_t end = now_ns();
    require(fabs(sum * width - M_PI) < 1e-6, "floating");
    return (struct round){end - begin, operations};
}

// Eight independent chains keep the multiply-add units busy; |x| stays below 1 as x = x/2 + 1/4 tends to 1/2.
__attribute__((target("avx2,fma"))) struct round avx2_round(uint64_t operations)
{
    __m256d half = _mm256_set1_pd(0.5), quarter = _mm256_set1_pd(0.25), lane[8];
    for (int i = 0; i < 8; i++)
        lane[i] = _mm256_set1_pd(0.1 * i);
    uint64_t begin = now_ns();
    for (uint64_t n = 0; n < operations; n += 8)
        for (int i = 0; i < 8; i++) {
            lane[i] = _mm256_fmadd_pd(lane[i], half, quarter);
            __asm__ volatile("" : "+x"(lane[i]));
        }
    uint64_t end = now_ns();
    for (int i = 0; i < 8; i++)
        require(fabs(_mm256_cvtsd_f64(lane[i]) - 0.5) < 1e-9, "avx2");
    return (struct round){end - begin, operations};
}

__attribute__((target("avx512f"))) struct round avx512_round(uint64_t operations)
{
    __m512d half = _mm512_set1_pd(0.5), quarter = _mm512_set1_pd(0.25), lane[8];
    for (int i = 0; i < 8; i++)
        lane[i] = _mm512_set1_pd(0.1 * i);
    uint64_t begin = now_ns();
    for (uint64_t n = 0; n < operations; n += 8)
        for (int i = 0; i < 8; i++) {
            lane[i] = _mm512_fmadd_pd(lane[i], half, quarter);
            __asm__ volatile("" : "+v"(lane[i]));
        }
    uint64_t end = now_ns();
    for (int i = 0; i < 8; i++)
        require(fabs(_mm512_cvtsd_f64(lane[i]) - 0.5) < 1e-9, "avx512");
    return (struct round){end - begin, operations};
}
