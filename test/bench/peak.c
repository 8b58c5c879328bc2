// The most that one core does with 128-bit vectors of float64: multiply and add, in independent chains. Prints GFLOP/s.

#include <emmintrin.h>
#include <stdio.h>
#include <time.h>

#define STEP(i) s##i = _mm_add_pd(s##i, term); p##i = _mm_mul_pd(p##i, factor); __asm__("" : "+x"(s##i), "+x"(p##i));

int main(void) {
  const long rounds = 60000000;
  const __m128d term = _mm_set1_pd(1e-9), factor = _mm_set1_pd(0.999999999), one = _mm_set1_pd(1.0);
  __m128d s0 = one, s1 = one, s2 = one, s3 = one, s4 = one, s5 = one, p0 = one, p1 = one, p2 = one, p3 = one, p4 = one, p5 = one;
  const clock_t start = clock();
  for (long k = 0; k < rounds; k++) {
    STEP(0) STEP(1) STEP(2) STEP(3) STEP(4) STEP(5)
  }
  const double seconds = (double)(clock() - start) / CLOCKS_PER_SEC;
  const __m128d all = s0 + s1 + s2 + s3 + s4 + s5 + p0 + p1 + p2 + p3 + p4 + p5;
  printf("%.1f\n", all[0] > 0 ? 24.0 * rounds / seconds / 1e9 : 0.0);
  return 0;
}
