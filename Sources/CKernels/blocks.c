// Sizes that callers of the kernels for blocks of images need, the same for all variants.
#include <unistd.h>

#include "kernels/variants.h"

ptrdiff_t niche_block_convolution_scratch(const niche_convolution *s) {
  // In double precision, since the extents of a window may be anything.
  double taps = (double)s->kernel_height * (double)s->kernel_width;
  double channels = (double)(s->channels > s->result_channels ? s->channels : s->result_channels);
  double reach_height = (double)(s->kernel_height - 1) * (double)s->dilation_height + 1;
  double reach_width = (double)(s->kernel_width - 1) * (double)s->dilation_width + 1;
  double forward_line = (double)s->channels * ((double)(s->result_width - 1) * (double)s->stride_width + reach_width);
  double gradient_line = (double)s->result_channels * ((double)s->width + reach_width);
  double line = forward_line > gradient_line ? forward_line : gradient_line;
  double copy = line * reach_height * NICHE_BLOCK_SIZE;
  if (copy < NICHE_BAND_FLOATS) copy = NICHE_BAND_FLOATS;
  double weights = (double)s->channels * (double)s->result_channels * taps;
  double floats = weights + 16 + NICHE_PANEL_FLOATS(channels * taps) + copy;
  double bytes = (channels * taps + 8) * 2 * sizeof(ptrdiff_t) + floats * sizeof(float);
  return bytes <= NICHE_MAXIMUM_SCRATCH ? (ptrdiff_t)bytes : -1;
}

ptrdiff_t niche_pointwise_sum_scratch(ptrdiff_t rows, ptrdiff_t channels) {
  double weights = (double)rows * (double)channels + 16, offsets = (double)channels + 8;
  double bytes = offsets * sizeof(ptrdiff_t) + (weights + NICHE_PANEL_FLOATS((double)channels)) * sizeof(float);
  return bytes <= NICHE_MAXIMUM_SCRATCH ? (ptrdiff_t)bytes : -1;
}

// A band of at most `most` tiles.
static void niche_tile_band(
    ptrdiff_t most, ptrdiff_t tile, ptrdiff_t result_height, ptrdiff_t result_width, ptrdiff_t blocks,
    ptrdiff_t *band_blocks, ptrdiff_t *band_lines, ptrdiff_t *band_columns) {
  ptrdiff_t lines = (result_height + tile - 1) / tile, columns = (result_width + tile - 1) / tile;
  *band_columns = columns < most ? columns : most;
  most /= *band_columns;
  *band_lines = *band_columns < columns ? 1 : lines < most ? lines : most;
  most /= *band_lines;
  *band_blocks = *band_columns < columns || *band_lines < lines ? 1 : blocks < most ? blocks : most;
}

// The floats of the transformed tiles that a Winograd convolution works on at a time: what a core's second-level cache
// holds beside the weights and the products. Its results do not depend on them.
static ptrdiff_t niche_winograd_floats = 160 * 1024;

// Before the first convolution, as the question takes longer than a small one.
__attribute__((constructor)) static void niche_measure_cache(void) {
#ifdef _SC_LEVEL2_CACHE_SIZE
  ptrdiff_t bytes = sysconf(_SC_LEVEL2_CACHE_SIZE);
  if (bytes < (128 << 10) || bytes > (16 << 20)) return;  // not known, or not one core's
  ptrdiff_t floats = bytes / (ptrdiff_t)sizeof(float) * 5 / 8;
  niche_winograd_floats = floats < 160 * 1024 ? floats : 160 * 1024;
#endif
}

void niche_winograd_band(
    ptrdiff_t channels, ptrdiff_t tile, ptrdiff_t result_height, ptrdiff_t result_width, ptrdiff_t blocks,
    ptrdiff_t *band_blocks, ptrdiff_t *band_lines, ptrdiff_t *band_columns) {
  ptrdiff_t most = niche_winograd_floats / (36 * channels * NICHE_BLOCK_SIZE);
  niche_tile_band(
      most < 3 ? 3 : most, tile, result_height, result_width, blocks, band_blocks, band_lines, band_columns);
}

void niche_winograd_gradient_band(
    const niche_convolution *s, ptrdiff_t blocks, ptrdiff_t *band_blocks, ptrdiff_t *band_lines,
    ptrdiff_t *band_columns) {
  // Each sum over the tiles ends with one over the images of the block, so there should be many tiles.
  ptrdiff_t most = 2 * NICHE_WINOGRAD_FLOATS / (36 * (s->channels + s->result_channels) * NICHE_BLOCK_SIZE);
  if (most < 16) most = 16;
  niche_tile_band(
      most, 7 - s->kernel_height, s->result_height, s->result_width, most, band_blocks, band_lines, band_columns);
  // A power of two, so that portions of the batch can consist of whole bands, whose sums are then the same.
  while (*band_blocks & (*band_blocks - 1)) *band_blocks &= *band_blocks - 1;
  if (*band_blocks > blocks) *band_blocks = blocks;
}

ptrdiff_t niche_winograd_gradient_blocks(const niche_convolution *s, ptrdiff_t blocks) {
  ptrdiff_t band_blocks, lines, columns;
  niche_winograd_gradient_band(s, blocks, &band_blocks, &lines, &columns);
  return band_blocks;
}

// What transforms and products cost, in multiplications of vectors.
static int niche_winograd_pays(const niche_convolution *s) {
  if (s->channels < 8 || s->result_channels < 8) return 0;
  double c = (double)s->channels, r = (double)s->result_channels, tile = (double)(7 - s->kernel_height);
  double height = (double)s->result_height, width = (double)s->result_width;
  double tiles = ceil(height / tile) * ceil(width / tile), taps = (double)(s->kernel_height * s->kernel_width);
  return tiles * (45 * c * r + 200 * (c + r)) < taps * c * r * height * width;
}

static double niche_winograd_bytes(
    ptrdiff_t channels, ptrdiff_t width, ptrdiff_t rows, ptrdiff_t tile, ptrdiff_t result_height,
    ptrdiff_t result_width, ptrdiff_t blocks) {
  ptrdiff_t band_blocks, lines, columns;
  niche_winograd_band(channels, tile, result_height, result_width, blocks, &band_blocks, &lines, &columns);
  double tiles = (double)(band_blocks * lines * columns) * NICHE_BLOCK_SIZE, c = (double)channels, r = (double)rows;
  double sums = r < NICHE_WINOGRAD_ROWS ? r : NICHE_WINOGRAD_ROWS;
  double line = (double)width * NICHE_BLOCK_SIZE;
  return (36 * (r * c + c * tiles + 48) + 37 * sums * tiles + 16 + line) * sizeof(float);
}

ptrdiff_t niche_winograd_scratch(const niche_convolution *s, ptrdiff_t blocks) {
  int is_square = s->kernel_height == s->kernel_width && (s->kernel_height == 3 || s->kernel_height == 5);
  int is_dense = s->stride_height == 1 && s->stride_width == 1 && s->dilation_height == 1 && s->dilation_width == 1;
  if (!is_square || !is_dense || !niche_winograd_pays(s)) return -1;
  ptrdiff_t tile = 7 - s->kernel_height;
  double forward =
      niche_winograd_bytes(s->channels, s->width, s->result_channels, tile, s->result_height, s->result_width, blocks);
  double gradient =
      niche_winograd_bytes(s->result_channels, s->result_width, s->channels, tile, s->height, s->width, blocks);
  double bytes = forward > gradient ? forward : gradient;
  return bytes <= NICHE_MAXIMUM_SCRATCH ? (ptrdiff_t)bytes : -1;
}

ptrdiff_t niche_winograd_gradient_scratch(const niche_convolution *s, ptrdiff_t blocks) {
  if (niche_winograd_scratch(s, blocks) < 0) return -1;
  ptrdiff_t band_blocks, lines, columns;
  niche_winograd_gradient_band(s, blocks, &band_blocks, &lines, &columns);
  double tiles = (double)(band_blocks * lines * columns) * NICHE_BLOCK_SIZE;
  double c = (double)s->channels, r = (double)s->result_channels, line = (double)s->width * NICHE_BLOCK_SIZE;
  double bytes = (c + 8) * sizeof(ptrdiff_t) + (36 * (r * c + (c + r) * tiles + 32) + 16 + line) * sizeof(float);
  return bytes <= NICHE_MAXIMUM_SCRATCH ? (ptrdiff_t)bytes : -1;
}
