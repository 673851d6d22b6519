// Which variants this processor can run.
#include "kernels/variants.h"

#include <stdbool.h>

#ifdef NICHE_HAS_X86_VARIANTS
static bool has_avx2(void) {
  __builtin_cpu_init();
  return __builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma") && __builtin_cpu_supports("bmi2");
}

static bool has_avx512(void) {
#ifdef NICHE_WIDE_ON_AVX2
  return has_avx2();
#else
  __builtin_cpu_init();
  return __builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512vl") &&
         __builtin_cpu_supports("avx512bw") && __builtin_cpu_supports("avx512dq") &&
         __builtin_cpu_supports("avx512cd") && __builtin_cpu_supports("fma");
#endif
}
#endif

const niche_kernels *niche_kernels_for(int32_t instruction_set) {
  switch (instruction_set) {
    case NICHE_PORTABLE: return &niche_kernels_portable;
#ifdef NICHE_HAS_X86_VARIANTS
    case NICHE_AVX2: return has_avx2() ? &niche_kernels_avx2 : 0;
    case NICHE_AVX512: return has_avx512() ? &niche_kernels_avx512 : 0;
#endif
    default: return 0;
  }
}
