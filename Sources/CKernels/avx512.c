// Kernels for AVX-512 as of Skylake-X.
#include "kernels/variants.h"

#ifdef NICHE_HAS_X86_VARIANTS
#pragma clang attribute push(__attribute__((target(NICHE_AVX512_TARGET))), apply_to = function)
#define NICHE_TABLE niche_kernels_avx512
#define NK_WIDTH 16
#include "kernels/table.h"
#pragma clang attribute pop
#endif
