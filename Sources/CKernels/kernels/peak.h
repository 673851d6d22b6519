// What the processor can do at most.

// Twelve chains, more than the two units of four cycles' latency need and few enough for sixteen registers.
#define NK_CHAINS 12

static float nk_multiply_add(ptrdiff_t rounds, float factor, float addend, ptrdiff_t *operations) {
  nk_vector chains[NK_CHAINS];
  for (int i = 0; i < NK_CHAINS; i++) chains[i] = (nk_vector)(float)i;
  for (ptrdiff_t round = 0; round < rounds; round++) {
#pragma clang loop unroll(full)
    for (int i = 0; i < NK_CHAINS; i++) {
      chains[i] = chains[i] * factor + addend;
      // Opaque, so that rounds are done one by one as they stand.
#if defined(__x86_64__) && !(defined(NICHE_WIDE_ON_AVX2) && NK_WIDTH == 16)
      __asm__ volatile("" : "+v"(chains[i]));
#endif
    }
  }
  float sum = 0;
  for (int i = 0; i < NK_CHAINS; i++) {
    for (int lane = 0; lane < NK_WIDTH; lane++) sum += chains[i][lane];
  }
  *operations = 2 * rounds * NK_CHAINS * NK_WIDTH;
  return sum / NK_WIDTH;
}
