// Kernels for AVX2 with fused multiply-add.
#include "kernels/variants.h"

#ifdef NICHE_HAS_X86_VARIANTS
#pragma clang attribute push(__attribute__((target(NICHE_AVX2_TARGET))), apply_to = function)
#define NICHE_TABLE niche_kernels_avx2
#define NK_WIDTH 8
#include "kernels/table.h"
#pragma clang attribute pop
#endif
