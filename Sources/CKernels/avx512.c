// Kernels for AVX-512 as of Skylake-X.
#include "kernels/variants.h"

#ifdef NICHE_HAS_X86_VARIANTS
#pragma clang attribute push( \
    __attribute__((target("avx512f,avx512vl,avx512bw,avx512dq,avx512cd,avx2,fma,bmi,bmi2"))), apply_to = function)
#define NICHE_TABLE niche_kernels_avx512
#define NK_WIDTH 16
#include "kernels/table.h"
#pragma clang attribute pop
#endif
