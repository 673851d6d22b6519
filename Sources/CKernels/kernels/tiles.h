// The products that convolutions over blocks of images consist of, in tiles that stay in registers.

// How many sums fit the registers beside their operands, and how many rows a tile has at most.
#if NK_WIDTH == 16
#define NK_SUMS 24
#define NK_TILE_ROWS 8
#define NK_GRADIENT_ROWS 4
#else
#define NK_SUMS 12
#define NK_TILE_ROWS 6
#define NK_GRADIENT_ROWS 2
#endif
#define NK_TILE_COLUMNS 6

// The size of part `index` of `total` in `parts` parts of about the same size.
static inline ptrdiff_t nk_part(ptrdiff_t total, ptrdiff_t parts, ptrdiff_t index) {
  return total / parts + (index < total % parts);
}
static inline ptrdiff_t nk_parts(ptrdiff_t total, ptrdiff_t most) { return (total + most - 1) / most; }

// result[row][place] = bias[row] + Σ_k weights[k][row] · x[place + offsets[k]], finished, over the pixels of one block.
typedef struct {
  ptrdiff_t rows, depth;
  const ptrdiff_t *offsets;
  const float *weights;  // from nk_pack_weights
  const float *bias;     // or null
  ptrdiff_t height, width;
  ptrdiff_t line_step, pixel_step;
  ptrdiff_t result_row_step, result_line_step, result_pixel_step;
  const nk_finish *finish;
  // If not 0, how far from the pixels, and from their results, those lie that are fetched into the cache meanwhile.
  ptrdiff_t ahead, result_ahead;
} nk_product;

// One element of the sums.
static inline __attribute__((always_inline)) void nk_product_add(
    const int rows, const int pixels, const float *weights, const float *from, ptrdiff_t step,
    nk_vector (*sums)[NK_TILE_COLUMNS]) {
  nk_vector values[NK_TILE_COLUMNS];
#pragma clang loop unroll(full)
  for (int j = 0; j < pixels; j++) values[j] = nk_load(from + j * step);
#pragma clang loop unroll(full)
  for (int i = 0; i < rows; i++) {
    float weight = weights[i];
#pragma clang loop unroll(full)
    for (int j = 0; j < pixels; j++) sums[i][j] += values[j] * weight;
  }
}

static inline __attribute__((always_inline)) void nk_product_tile(
    const int rows, const int pixels, const nk_product *p, const float *weights, const float *bias, const float *x,
    float *result) {
  nk_vector sums[NK_TILE_ROWS][NK_TILE_COLUMNS];
#pragma clang loop unroll(full)
  for (int i = 0; i < rows; i++) {
#pragma clang loop unroll(full)
    for (int j = 0; j < pixels; j++) sums[i][j] = bias ? bias[i] : 0.0f;
  }
  const ptrdiff_t *offsets = p->offsets, step = p->pixel_step, depth = p->depth, ahead = p->ahead;
  const nk_finish *finish = p->finish;
  ptrdiff_t result_step = p->result_pixel_step, row_step = p->result_row_step;
  // Results that are final: what they need is on its way while the products are computed, and so are they themselves.
  if (finish->begin) {
    ptrdiff_t place = result - finish->begin + p->result_ahead;
    const float *residual = finish->residual ? finish->residual : finish->gate ? finish->gate : finish->begin;
    const float *gate = finish->gate ? finish->gate : residual;
#pragma clang loop unroll(full)
    for (int i = 0; i < rows; i++, place += row_step) {
#pragma clang loop unroll(full)
      for (int j = 0; j < pixels; j++) {
        __builtin_prefetch(finish->begin + place + j * result_step, 1, 2);
        if (residual != finish->begin) __builtin_prefetch(residual + place + j * result_step, 0, 2);
        if (gate != residual) __builtin_prefetch(gate + place + j * result_step, 0, 2);
      }
    }
  }
  ptrdiff_t k = 0;
  // Apart, for where vectors are short a branch in the loop is as dear as a product.
  if (ahead) {
    for (; k < depth; k++, weights += rows) {
#pragma clang loop unroll(full)
      for (int j = 0; j < pixels; j++) __builtin_prefetch(x + offsets[k] + j * step + ahead, 0, 2);
      nk_product_add(rows, pixels, weights, x + offsets[k], step, sums);
    }
  }
  for (; k + 2 <= depth; k += 2, weights += 2 * rows) {
    nk_product_add(rows, pixels, weights, x + offsets[k], step, sums);
    nk_product_add(rows, pixels, weights + rows, x + offsets[k + 1], step, sums);
  }
  if (k < depth) nk_product_add(rows, pixels, weights, x + offsets[k], step, sums);
  nk_vector lower = finish->bounds.lower, upper = finish->bounds.upper;
  if (finish->residual) {
    const float *residual = finish->residual + (result - finish->begin);
#pragma clang loop unroll(full)
    for (int i = 0; i < rows; i++, residual += row_step) {
#pragma clang loop unroll(full)
      for (int j = 0; j < pixels; j++) sums[i][j] += nk_load(residual + j * result_step);
    }
  }
  if (finish->gate) {
    const float *gate = finish->gate + (result - finish->begin);
#pragma clang loop unroll(full)
    for (int i = 0; i < rows; i++, gate += row_step, result += row_step) {
#pragma clang loop unroll(full)
      for (int j = 0; j < pixels; j++) {
        nk_vector value = nk_gate_vector(sums[i][j], nk_load(gate + j * result_step), lower, upper);
        nk_store(value, result + j * result_step);
      }
    }
    return;
  }
  if (finish->is_bounded) {
#pragma clang loop unroll(full)
    for (int i = 0; i < rows; i++) {
#pragma clang loop unroll(full)
      for (int j = 0; j < pixels; j++) sums[i][j] = nk_clamp_vector(sums[i][j], lower, upper);
    }
  }
#pragma clang loop unroll(full)
  for (int i = 0; i < rows; i++, result += row_step) {
#pragma clang loop unroll(full)
    for (int j = 0; j < pixels; j++) nk_store(sums[i][j], result + j * result_step);
  }
}

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
#define NK_PRODUCT_TILE(ROWS, PIXELS)                                                                          \
  static void nk_product_tile_##ROWS##_##PIXELS(                                                               \
      const nk_product *p, const float *weights, const float *bias, const float *x, float *result) {           \
    if (ROWS <= NK_TILE_ROWS && ROWS * PIXELS <= NK_SUMS) {                                                    \
      nk_product_tile(ROWS, PIXELS, p, weights, bias, x, result);                                              \
    }                                                                                                          \
  }
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
#define NK_FOR_PRODUCT_TILES(X) \
  NK_FOR_GRADIENT_TILES(X)      \
  NK_FOR_TILE_ROW(X, 5) NK_FOR_TILE_ROW(X, 6) NK_FOR_TILE_ROW(X, 7) NK_FOR_TILE_ROW(X, 8)
NK_FOR_PRODUCT_TILES(NK_PRODUCT_TILE)
NK_FOR_GRADIENT_TILES(NK_GRADIENT_TILE)

typedef void (*nk_product_tile_function)(
    const nk_product *, const float *weights, const float *bias, const float *x, float *result);
typedef void (*nk_gradient_tile_function)(
    const nk_gradient_product *, const ptrdiff_t *offsets, const float *x, const float *gradient, float *result);

#define NK_PRODUCT_ENTRY(ROWS, PIXELS) [ROWS - 1][PIXELS - 1] = nk_product_tile_##ROWS##_##PIXELS,
#define NK_GRADIENT_ENTRY(ROWS, TAPS) [ROWS - 1][TAPS - 1] = nk_gradient_tile_##ROWS##_##TAPS,
static const nk_product_tile_function nk_product_tiles[8][NK_TILE_COLUMNS] = {NK_FOR_PRODUCT_TILES(NK_PRODUCT_ENTRY)};
static const nk_gradient_tile_function nk_gradient_tiles[4][NK_TILE_COLUMNS] = {
    NK_FOR_GRADIENT_TILES(NK_GRADIENT_ENTRY)};

// packed[part][k][row] = weights[row · row_step + sources[k]], in the parts that `nk_run_product` takes.
static void nk_pack_weights(
    ptrdiff_t rows, ptrdiff_t depth, const float *weights, ptrdiff_t row_step, const ptrdiff_t *sources,
    float *packed) {
  ptrdiff_t parts = nk_parts(rows, NK_TILE_ROWS);
  for (ptrdiff_t part = 0; part < parts; part++) {
    ptrdiff_t count = nk_part(rows, parts, part);
    for (ptrdiff_t k = 0; k < depth; k++) {
      for (ptrdiff_t i = 0; i < count; i++) *packed++ = weights[i * row_step + sources[k]];
    }
    weights += count * row_step;
  }
}

static void nk_run_product(const nk_product *product, const float *x, float *result) {
  nk_product dense = *product;
  const nk_product *p = &dense;
  ptrdiff_t row_parts = nk_parts(p->rows, NK_TILE_ROWS), lanes = NK_LANES;
  // Pixels that lie one behind the other are taken vector by vector, so that of a cache line all is read at once.
  if (p->pixel_step == NK_LANES && p->result_pixel_step == NK_LANES) {
    dense.width *= NK_LANES / NK_WIDTH;
    dense.pixel_step = dense.result_pixel_step = lanes = NK_WIDTH;
  }
  for (ptrdiff_t y = 0; y < p->height; y++) {
    const float *weights = p->weights, *bias = p->bias;
    float *to = result + y * p->result_line_step;
    for (ptrdiff_t part = 0; part < row_parts; part++) {
      ptrdiff_t rows = nk_part(p->rows, row_parts, part), most = NK_SUMS / rows;
      ptrdiff_t column_parts = nk_parts(p->width, most < NK_TILE_COLUMNS ? most : NK_TILE_COLUMNS);
      // A division takes as long as a part of a tile.
      ptrdiff_t least = p->width / column_parts, wider = p->width % column_parts;
      const float *from = x + y * p->line_step;
      float *place = to;
      for (ptrdiff_t column = 0; column < column_parts; column++) {
        ptrdiff_t pixels = least + (column < wider);
        nk_product_tile_function tile = nk_product_tiles[rows - 1][pixels - 1];
        for (ptrdiff_t lane = 0; lane < lanes; lane += NK_WIDTH) tile(p, weights, bias, from + lane, place + lane);
        from += pixels * p->pixel_step;
        place += pixels * p->result_pixel_step;
      }
      // What has been asked for once is on its way.
      if (p->height == 1) dense.ahead = 0;
      weights += rows * p->depth;
      if (bias) bias += rows;
      to += rows * p->result_row_step;
    }
  }
}

static void nk_run_gradient_product(
    const nk_gradient_product *product, const float *x, const float *gradient, float *result) {
  nk_gradient_product dense = *product;
  const nk_gradient_product *p = &dense;
  ptrdiff_t row_parts = nk_parts(p->rows, NK_GRADIENT_ROWS), lanes = NK_LANES;
  // As in `nk_run_product`.
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
