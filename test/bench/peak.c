// The most that one core does with 128-bit vectors of float64, in independent chains: adding what was multiplied before, and both fused. Prints two figures, GFLOP/s.

#include <immintrin.h>
#include <stdio.h>
#include <time.h>

// Sums wait for earlier ones only; a product for nothing that takes long.
#define SEPARATE(i) { __m128d product = x; __asm__ volatile("mulpd %1, %0" : "+x"(product) : "x"(y)); s##i = _mm_add_pd(s##i, product); __asm__("" : "+x"(s##i)); }
#define FUSED(i) __asm__("vfmadd231pd %1, %2, %0" : "+x"(s##i) : "x"(x), "x"(y));
#define EACH(STEP) STEP(0) STEP(1) STEP(2) STEP(3) STEP(4) STEP(5) STEP(6) STEP(7) STEP(8) STEP(9) STEP(10) STEP(11)
#define START(i) __m128d s##i = one;
#define ADD(i) all = _mm_add_pd(all, s##i);

#define MEASURE(STEP) { \
  EACH(START) \
  const clock_t start = clock(); \
  for (long k = 0; k < rounds; k++) { EACH(STEP) } \
  const double seconds = (double)(clock() - start) / CLOCKS_PER_SEC; \
  __m128d all = one; \
  EACH(ADD) \
  printf("%.1f\n", all[0] > 0 ? 48.0 * rounds / seconds / 1e9 : 0.0); \
}

int main(void) {
  const long rounds = 30000000;
  const __m128d one = _mm_set1_pd(1.0), x = _mm_set1_pd(1e-9), y = _mm_set1_pd(0.999999999);
  MEASURE(SEPARATE)
  if (__builtin_cpu_supports("fma")) MEASURE(FUSED)
  return 0;
}
