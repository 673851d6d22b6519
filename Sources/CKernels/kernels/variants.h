// The tables of the variants that this build has.
#ifndef NICHE_VARIANTS_H
#define NICHE_VARIANTS_H

#include "CKernels.h"

// Before any target attribute is pushed, so that the C library's declarations stay as they are.
#include <math.h>
#include <string.h>

#if defined(__x86_64__) && !defined(NICHE_PORTABLE_ONLY)
#define NICHE_HAS_X86_VARIANTS 1
#endif

// What processors are needed for the kernels of eight and of sixteen lanes. With NICHE_WIDE_ON_AVX2 those of sixteen are
// compiled for AVX2 too, slow as they are there, so that they can be tested on any machine.
#define NICHE_AVX2_TARGET "avx2,fma,bmi,bmi2"
#ifdef NICHE_WIDE_ON_AVX2
#define NICHE_AVX512_TARGET NICHE_AVX2_TARGET
// How wide vectors are passed does not matter among functions of one file.
#pragma clang diagnostic ignored "-Wpsabi"
#else
#define NICHE_AVX512_TARGET "avx512f,avx512vl,avx512bw,avx512dq,avx512cd,avx2,fma,bmi,bmi2"
#endif

// The floats of an operand that a convolution of blocks copies at a time, a part of the second-level cache, but for
// what a single line of results needs.
#define NICHE_BAND_FLOATS (96 * 1024)
// How many pixels of so many elements a convolution makes panels of at a time, a part of the first-level cache, but for
// four pixels; and their floats.
#define NICHE_PANEL_PIXELS(DEPTH) ((DEPTH) < 96 ? 6 * 1024 / ((DEPTH) * NICHE_BLOCK_SIZE) : 4)
#define NICHE_PANEL_FLOATS(DEPTH) ((DEPTH) < 96 ? 6 * 1024 : (DEPTH) * NICHE_BLOCK_SIZE * 4)
// The floats of the transformed tiles that a Winograd weight gradient works on at a time, on each side of its products;
// the same everywhere, since sums end where they end.
#define NICHE_WINOGRAD_FLOATS (160 * 1024)
// The most rows of a Winograd convolution's products that are computed before they are transformed back.
#define NICHE_WINOGRAD_ROWS 32
// The most bytes of scratch memory for a convolution of blocks.
#define NICHE_MAXIMUM_SCRATCH (256 << 20)

// How many blocks, lines and columns of tiles of `tile` × `tile` result pixels a Winograd convolution works on at
// a time.
void niche_winograd_band(
    ptrdiff_t channels, ptrdiff_t tile, ptrdiff_t result_height, ptrdiff_t result_width, ptrdiff_t blocks,
    ptrdiff_t *band_blocks, ptrdiff_t *band_lines, ptrdiff_t *band_columns);

// The same for its weight gradient.
void niche_winograd_gradient_band(
    const niche_convolution *shape, ptrdiff_t blocks, ptrdiff_t *band_blocks, ptrdiff_t *band_lines,
    ptrdiff_t *band_columns);

// The rows of a dense product's tile, of two vectors each.
#define NICHE_GEMM_ROWS(WIDTH) ((WIDTH) == 16 ? 14 : 6)
// How many panels of rows are packed at a time.
#define NICHE_GEMM_ROW_PANELS 8
// The most columns whose panels are kept at a time.
#define NICHE_GEMM_COLUMNS 1024

// The most queries and keys of a block of attention's scores.
#define NICHE_ATTENTION_QUERIES 128
#define NICHE_ATTENTION_KEYS 256

// Into how many parts the sums of a dense product are divided, so that the panels of a part fit the second-level cache.
ptrdiff_t niche_product_parts(ptrdiff_t columns, ptrdiff_t inner);

extern const niche_kernels niche_kernels_portable;
#ifdef NICHE_HAS_X86_VARIANTS
extern const niche_kernels niche_kernels_avx2;
extern const niche_kernels niche_kernels_avx512;
#endif

#endif
