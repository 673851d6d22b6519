// Kernels for AVX2 with fused multiply-add.
#include "kernels/variants.h"

#ifdef NICHE_HAS_X86_VARIANTS
#pragma clang attribute push(__attribute__((target("avx2,fma,bmi,bmi2"))), apply_to = function)
#define NICHE_TABLE niche_kernels_avx2
#define NK_WIDTH 8
#include "kernels/table.h"
#pragma clang attribute pop
#endif
