// The products that weight gradients of convolutions over blocks of images consist of, in tiles that stay in registers.

// How many sums fit the registers beside their operands, and how many rows a tile has at most.
#if NK_WIDTH == 16
#define NK_SUMS 24
#define NK_GRADIENT_ROWS 4
#else
#define NK_SUMS 12
#define NK_GRADIENT_ROWS 2
#endif
#define NK_TILE_COLUMNS 6

// result[row][k] += Σ_place gradient[row][place] · x[place + offsets[k]], over the pixels of some blocks.
typedef struct {
  ptrdiff_t rows, depth;
  const ptrdiff_t *offsets;
  ptrdiff_t blocks, height, width;
  ptrdiff_t block_step, line_step, pixel_step;
  ptrdiff_t gradient_row_step, gradient_block_step, gradient_line_step, gradient_pixel_step;
  ptrdiff_t result_step;  // from one row of the result to the next
} nk_gradient_product;

static inline __attribute__((always_inline)) void nk_gradient_tile(
    const int rows, const int taps, const nk_gradient_product *p, const ptrdiff_t *offsets, const float *x,
    const float *gradient, float *result) {
  nk_vector sums[32];
  const float *from[NK_TILE_COLUMNS];
#pragma clang loop unroll(full)
  for (int i = 0; i < 32; i++) sums[i] = 0.0f;
  ptrdiff_t step = p->pixel_step, row_step = p->gradient_row_step, width = p->width;
  ptrdiff_t gradient_step = p->gradient_pixel_step;
  for (ptrdiff_t block = 0; block < p->blocks; block++) {
    for (ptrdiff_t y = 0; y < p->height; y++) {
      const float *line = x + block * p->block_step + y * p->line_step;
      const float *gradients = gradient + block * p->gradient_block_step + y * p->gradient_line_step;
#pragma clang loop unroll(full)
      for (int j = 0; j < taps; j++) from[j] = line + offsets[j];
      for (ptrdiff_t pixel = 0; pixel < width; pixel++, gradients += gradient_step) {
        nk_vector values[NK_GRADIENT_ROWS];
#pragma clang loop unroll(full)
        for (int i = 0; i < rows; i++) values[i] = nk_load(gradients + i * row_step);
#pragma clang loop unroll(full)
        for (int j = 0; j < taps; j++) {
          nk_vector value = nk_load(from[j] + pixel * step);
#pragma clang loop unroll(full)
          for (int i = 0; i < rows; i++) sums[i * taps + j] += values[i] * value;
        }
      }
    }
  }
  float totals[32];
  nk_sum_lanes(rows * taps, sums, totals);
#pragma clang loop unroll(full)
  for (int i = 0; i < rows; i++, result += p->result_step) {
#pragma clang loop unroll(full)
    for (int j = 0; j < taps; j++) result[j] += totals[i * taps + j];
  }
}

// A function for each size of tile that fits the registers; others are never called.
#define NK_FOR_TILE_ROW(X, ROWS) X(ROWS, 1) X(ROWS, 2) X(ROWS, 3) X(ROWS, 4) X(ROWS, 5) X(ROWS, 6)
#define NK_GRADIENT_TILE(ROWS, TAPS)                                                                           \
  static void nk_gradient_tile_##ROWS##_##TAPS(                                                                \
      const nk_gradient_product *p, const ptrdiff_t *offsets, const float *x, const float *gradient,           \
      float *result) {                                                                                         \
    if (ROWS <= NK_GRADIENT_ROWS && ROWS * TAPS <= NK_SUMS) {                                                  \
      nk_gradient_tile(ROWS, TAPS, p, offsets, x, gradient, result);                                           \
    }                                                                                                          \
  }
#define NK_FOR_GRADIENT_TILES(X) \
  NK_FOR_TILE_ROW(X, 1) NK_FOR_TILE_ROW(X, 2) NK_FOR_TILE_ROW(X, 3) NK_FOR_TILE_ROW(X, 4)
NK_FOR_GRADIENT_TILES(NK_GRADIENT_TILE)

typedef void (*nk_gradient_tile_function)(
    const nk_gradient_product *, const ptrdiff_t *offsets, const float *x, const float *gradient, float *result);

#define NK_GRADIENT_ENTRY(ROWS, TAPS) [ROWS - 1][TAPS - 1] = nk_gradient_tile_##ROWS##_##TAPS,
static const nk_gradient_tile_function nk_gradient_tiles[4][NK_TILE_COLUMNS] = {
    NK_FOR_GRADIENT_TILES(NK_GRADIENT_ENTRY)};

static void nk_run_gradient_product(
    const nk_gradient_product *product, const float *x, const float *gradient, float *result) {
  nk_gradient_product dense = *product;
  const nk_gradient_product *p = &dense;
  ptrdiff_t row_parts = nk_parts(p->rows, NK_GRADIENT_ROWS), lanes = NK_LANES;
  // Pixels that lie one behind the other are taken vector by vector, so that of a cache line all is read at once.
  if (p->pixel_step == NK_LANES && p->gradient_pixel_step == NK_LANES) {
    dense.width *= NK_LANES / NK_WIDTH;
    dense.pixel_step = dense.gradient_pixel_step = lanes = NK_WIDTH;
  }
  for (ptrdiff_t part = 0; part < row_parts; part++) {
    ptrdiff_t rows = nk_part(p->rows, row_parts, part), most = NK_SUMS / rows;
    ptrdiff_t tap_parts = nk_parts(p->depth, most < NK_TILE_COLUMNS ? most : NK_TILE_COLUMNS);
    ptrdiff_t tap = 0;
    for (ptrdiff_t index = 0; index < tap_parts; index++) {
      ptrdiff_t taps = nk_part(p->depth, tap_parts, index);
      nk_gradient_tile_function tile = nk_gradient_tiles[rows - 1][taps - 1];
      for (ptrdiff_t lane = 0; lane < lanes; lane += NK_WIDTH) {
        tile(p, p->offsets + tap, x + lane, gradient + lane, result + tap);
      }
      tap += taps;
    }
    gradient += rows * p->gradient_row_step;
    result += rows * p->result_step;
  }
}
