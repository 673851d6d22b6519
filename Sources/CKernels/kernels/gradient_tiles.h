// The products that weight gradients of convolutions over blocks of images consist of, in tiles that stay in registers.

// How many sums fit the registers beside their operands, and how many rows a tile has at most.
#if NK_WIDTH == 16
#define NK_SUMS 24
#define NK_GRADIENT_ROWS 4
#else
#define NK_SUMS 12
#define NK_GRADIENT_ROWS 3
#endif
#define NK_TILE_COLUMNS 6

// result[row][k] += Σ_place gradient[row][place] · x[place + offsets[k]], over the pixels of one block.
typedef struct {
  ptrdiff_t rows, depth;
  const ptrdiff_t *offsets;
  ptrdiff_t height, width;
  ptrdiff_t line_step, pixel_step;
  ptrdiff_t gradient_row_step, gradient_line_step;
  ptrdiff_t result_row_step, result_tap_step;
  int shares_pixels;  // whether most taps meet pixels that others have met, too
} nk_gradient_product;

static inline __attribute__((always_inline)) void nk_gradient_tile(
    const int rows, const int taps, const nk_gradient_product *p, const ptrdiff_t *offsets, const float *x,
    const float *gradient, float *result) {
  nk_vector sums[32];
  const float *from[NK_TILE_COLUMNS], *gradients[NK_GRADIENT_ROWS];
#pragma clang loop unroll(full)
  for (int i = 0; i < 32; i++) sums[i] = 0.0f;
  ptrdiff_t step = p->pixel_step, size = p->width * NK_LANES;
  for (ptrdiff_t y = 0; y < p->height; y++) {
#pragma clang loop unroll(full)
    for (int j = 0; j < taps; j++) from[j] = x + offsets[j] + y * p->line_step;
#pragma clang loop unroll(full)
    for (int i = 0; i < rows; i++) gradients[i] = gradient + i * p->gradient_row_step + y * p->gradient_line_step;
    for (ptrdiff_t place = 0, pixel = 0; place < size; place += NK_LANES, pixel += step) {
      // All of a pixel, so that a cache line is read at once.
#pragma clang loop unroll(full)
      for (int lane = 0; lane < NK_LANES; lane += NK_WIDTH) {
        nk_vector values[NK_GRADIENT_ROWS];
#pragma clang loop unroll(full)
        for (int i = 0; i < rows; i++) values[i] = nk_load(gradients[i] + place + lane);
#pragma clang loop unroll(full)
        for (int j = 0; j < taps; j++) {
          nk_vector value = nk_load(from[j] + pixel + lane);
#pragma clang loop unroll(full)
          for (int i = 0; i < rows; i++) sums[i * taps + j] += values[i] * value;
        }
      }
    }
  }
  float totals[32];
  nk_sum_lanes(rows * taps, sums, totals);
  ptrdiff_t tap_step = p->result_tap_step;
  // Apart, as neighbours are added as vectors.
  if (tap_step == 1) {
#pragma clang loop unroll(full)
    for (int i = 0; i < rows; i++, result += p->result_row_step) {
#pragma clang loop unroll(full)
      for (int j = 0; j < taps; j++) result[j] += totals[i * taps + j];
    }
    return;
  }
#pragma clang loop unroll(full)
  for (int i = 0; i < rows; i++, result += p->result_row_step) {
#pragma clang loop unroll(full)
    for (int j = 0; j < taps; j++) result[j * tap_step] += totals[i * taps + j];
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

// All rows for some taps at a time, whose pixels stay in the first-level cache.
static void nk_run_gradient_taps(
    const nk_gradient_product *p, const float *x, const float *gradient, float *result) {
  ptrdiff_t row_parts = nk_parts(p->rows, NK_GRADIENT_ROWS);
  ptrdiff_t least = p->rows / row_parts, more = p->rows % row_parts, most = NK_SUMS / (least + (more > 0)), taps;
  ptrdiff_t tap_parts = nk_parts(p->depth, most < NK_TILE_COLUMNS ? most : NK_TILE_COLUMNS);
  const ptrdiff_t *offsets = p->offsets;
  for (ptrdiff_t index = 0; index < tap_parts; index++, offsets += taps, result += taps * p->result_tap_step) {
    taps = nk_part(p->depth, tap_parts, index);
    const float *from = gradient;
    float *to = result;
    for (ptrdiff_t part = 0; part < row_parts; part++) {
      ptrdiff_t rows = least + (part < more);
      nk_gradient_tiles[rows - 1][taps - 1](p, offsets, x, from, to);
      from += rows * p->gradient_row_step;
      to += rows * p->result_row_step;
    }
  }
}

static void nk_run_gradient_product(
    const nk_gradient_product *p, const float *x, const float *gradient, float *result) {
  if (!p->shares_pixels) {
    nk_run_gradient_taps(p, x, gradient, result);
    return;
  }
  // Fewer pixels than gradients are read again.
  ptrdiff_t parts = nk_parts(p->rows, NK_GRADIENT_ROWS);
  nk_gradient_product some = *p;
  for (ptrdiff_t part = 0; part < parts; part++) {
    some.rows = nk_part(p->rows, parts, part);
    nk_run_gradient_taps(&some, x, gradient, result);
    gradient += some.rows * p->gradient_row_step;
    result += some.rows * p->result_row_step;
  }
}
