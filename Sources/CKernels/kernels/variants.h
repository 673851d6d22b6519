// The tables of the variants that this build has.
#ifndef NICHE_VARIANTS_H
#define NICHE_VARIANTS_H

#include "CKernels.h"

// Before any target attribute is pushed, so that the C library's declarations stay as they are.
#include <math.h>
#include <string.h>

#if defined(__x86_64__)
#define NICHE_HAS_X86_VARIANTS 1
#endif

extern const niche_kernels niche_kernels_portable;
#ifdef NICHE_HAS_X86_VARIANTS
extern const niche_kernels niche_kernels_avx2;
extern const niche_kernels niche_kernels_avx512;
#endif

#endif
