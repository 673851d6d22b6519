// 3 × 3 convolutions with a quarter of the multiplications, and 5 × 5 ones with 36 %: minimal filtering F(4 × 4, 3 × 3)
// and F(2 × 2, 5 × 5) of Winograd (1980) as in Lavin & Gray 2016, "Fast Algorithms for Convolutional Neural Networks",
// over blocks of images.
//
// A tile of 6 × 6 pixels is transformed to 36 points; at each point the result is a product of channels alone, which
// transformed back gives 4 × 4 or 2 × 2 result pixels. Both evaluate polynomials at 0, 1, −1, 2, −2 and infinity. As a
// vector holds sixteen images, no transform needs a shuffle.

#define NK_POINTS 36

typedef struct {
  ptrdiff_t channels, height, width, top, left;
  ptrdiff_t rows, result_height, result_width;
  // The taps and the result pixels of a tile along one axis; together they are 7.
  ptrdiff_t taps, tile;
  const nk_finish *finish;
  // Tiles that are done at a time: of so many images' blocks, lines and columns.
  ptrdiff_t blocks, lines, columns;
} nk_winograd;

// The parts of the scratch memory.
typedef struct {
  ptrdiff_t *offsets;
  float *weights, *points, *sums, *edges;
} nk_winograd_scratch;

// How far apart the points of `rows` rows of tiles lie: a cache line more than they take, as powers of two would let
// all points of a tile compete for one set of the cache.
static inline ptrdiff_t nk_point_step(ptrdiff_t rows, ptrdiff_t tiles) { return (rows * tiles + 1) * NK_LANES; }

static nk_winograd nk_winograd_of(
    ptrdiff_t channels, ptrdiff_t height, ptrdiff_t width, ptrdiff_t top, ptrdiff_t left, ptrdiff_t rows,
    ptrdiff_t result_height, ptrdiff_t result_width, ptrdiff_t taps, const nk_finish *finish, ptrdiff_t blocks) {
  nk_winograd w = {channels,     height, width,    top,    left, rows, result_height,
                   result_width, taps,   7 - taps, finish, 1,    1,    1};
  niche_winograd_band(channels, w.tile, result_height, result_width, blocks, &w.blocks, &w.lines, &w.columns);
  return w;
}

static nk_winograd_scratch nk_divide_winograd_scratch(const nk_winograd *w, void *scratch) {
  ptrdiff_t tiles = w->blocks * w->lines * w->columns;
  nk_winograd_scratch parts;
  parts.offsets = scratch;
  parts.weights = (float *)(parts.offsets + (w->channels + 7) / 8 * 8);
  parts.points = parts.weights + (NK_POINTS * w->rows * w->channels + 15) / 16 * 16;
  parts.sums = parts.points + NK_POINTS * nk_point_step(w->channels, tiles);
  parts.edges = parts.sums + NK_POINTS * nk_point_step(8, tiles);
  return parts;
}

// Bᵀ along one axis: six pixels to six points.
static inline __attribute__((always_inline)) void nk_winograd_input(const nk_vector *d, nk_vector *t) {
  nk_vector even = d[4] - 4.0f * d[2], odd = d[3] - 4.0f * d[1];
  nk_vector far = d[4] - d[2], step = 2.0f * (d[3] - d[1]);
  t[0] = 4.0f * d[0] + (d[4] - 5.0f * d[2]);
  t[1] = even + odd;
  t[2] = even - odd;
  t[3] = far + step;
  t[4] = far - step;
  t[5] = 4.0f * d[1] + (d[5] - 5.0f * d[3]);
}

// Aᵀ along one axis: six points to `tile` pixels.
static inline __attribute__((always_inline)) void nk_winograd_output(const int tile, const nk_vector *m, nk_vector *t) {
  nk_vector sum1 = m[1] + m[2], difference1 = m[1] - m[2], sum2 = m[3] + m[4], difference2 = m[3] - m[4];
  t[0] = m[0] + sum1 + sum2;
  if (tile == 2) {
    t[1] = difference1 + 2.0f * difference2 + m[5];
    return;
  }
  t[1] = difference1 + 2.0f * difference2;
  t[2] = sum1 + 4.0f * sum2;
  t[3] = difference1 + 8.0f * difference2 + m[5];
}

// G along one axis: weights to six points, for up to eight rows at once.
static inline __attribute__((always_inline)) void nk_winograd_weight(
    const int taps, const float (*g)[8], ptrdiff_t step, float (*u)[8], ptrdiff_t result_step) {
  for (int i = 0; i < 8; i++) {
    float even = g[0][i] + g[2 * step][i], odd = g[step][i];
    float far_even = g[0][i] + 4 * g[2 * step][i], far_odd = 2 * g[step][i];
    if (taps == 5) {
      even += g[4 * step][i];
      odd += g[3 * step][i];
      far_even += 16 * g[4 * step][i];
      far_odd += 8 * g[3 * step][i];
    }
    u[0][i] = g[0][i] * 0.25f;
    u[result_step][i] = (even + odd) * (-1.0f / 6);
    u[2 * result_step][i] = (even - odd) * (-1.0f / 6);
    u[3 * result_step][i] = (far_even + far_odd) * (1.0f / 24);
    u[4 * result_step][i] = (far_even - far_odd) * (1.0f / 24);
    u[5 * result_step][i] = g[(taps - 1) * step][i];
  }
}

// weights[row · row_step + k · channel_step + tap] to [point][part][k][row]; `is_turned`: the taps in reverse.
static inline __attribute__((always_inline)) void nk_transform_weights_of(
    const int taps, const nk_winograd *w, const float *weights, ptrdiff_t row_step, ptrdiff_t channel_step,
    int is_turned, float *result) {
  ptrdiff_t parts = nk_parts(w->rows, NK_TILE_ROWS), size = w->rows * w->channels;
  for (ptrdiff_t part = 0; part < parts; part++) {
    ptrdiff_t rows = nk_part(w->rows, parts, part);
    for (ptrdiff_t k = 0; k < w->channels; k++, result += rows) {
      float values[25][8] = {{0}}, lines[30][8], points[NK_POINTS][8];
      for (ptrdiff_t i = 0; i < rows; i++) {
        const float *from = weights + i * row_step + k * channel_step;
        for (int tap = 0; tap < taps * taps; tap++) values[tap][i] = from[is_turned ? taps * taps - 1 - tap : tap];
      }
      for (int column = 0; column < taps; column++) {
        nk_winograd_weight(taps, values + column, taps, lines + column, taps);
      }
      for (int line = 0; line < 6; line++) nk_winograd_weight(taps, lines + taps * line, 1, points + 6 * line, 1);
      for (int point = 0; point < NK_POINTS; point++) {
        for (ptrdiff_t i = 0; i < rows; i++) result[point * size + i] = points[point][i];
      }
    }
    weights += rows * row_step;
  }
}

static void nk_transform_weights(
    const nk_winograd *w, const float *weights, ptrdiff_t row_step, ptrdiff_t channel_step, int is_turned,
    float *result) {
  if (w->taps == 3) {
    nk_transform_weights_of(3, w, weights, row_step, channel_step, is_turned, result);
  } else {
    nk_transform_weights_of(5, w, weights, row_step, channel_step, is_turned, result);
  }
}

// One channel of a line of tiles to its points, `point_step` apart; `edges` holds the lines' transform. What lies
// `ahead` of its pixels is fetched into the cache meanwhile, but for the first `fetched` lines.
static void nk_transform_line(
    const nk_winograd *w, const float *plane, ptrdiff_t line, ptrdiff_t column, ptrdiff_t tiles, float *edges,
    float *points, ptrdiff_t point_step, ptrdiff_t ahead, int fetched) {
  static const float zeros[NK_LANES] = {0};
  ptrdiff_t first = w->tile * column - w->left, count = w->tile * tiles + 6 - w->tile;
  for (ptrdiff_t lane = 0; lane < NK_LANES; lane += NK_WIDTH) {
    const float *lines[6];
    ptrdiff_t steps[6];
    for (int i = 0; i < 6; i++) {
      ptrdiff_t y = w->tile * line - w->top + i;
      int is_inside = y >= 0 && y < w->height;
      lines[i] = is_inside ? plane + y * w->width * NK_LANES + lane : zeros;
      steps[i] = is_inside ? NK_LANES : 0;
    }
    for (ptrdiff_t i = 0; i < count; i++) {
      ptrdiff_t x = first + i;
      nk_vector pixels[6], t[6];
      float *to = edges + i * 6 * NK_WIDTH;
      if (x < 0 || x >= w->width) {
        memset(to, 0, 6 * sizeof *t);
        continue;
      }
#pragma clang loop unroll(full)
      for (int j = 0; j < 6; j++) pixels[j] = nk_load(lines[j] + x * steps[j]);
      if (lane == 0) {
        for (int j = fetched; j < 6; j++) __builtin_prefetch(lines[j] + x * steps[j] + ahead, 0, 2);
      }
      nk_winograd_input(pixels, t);
#pragma clang loop unroll(full)
      for (int j = 0; j < 6; j++) nk_store(t[j], to + j * NK_WIDTH);
    }
    for (ptrdiff_t tile = 0; tile < tiles; tile++) {
      const float *from = edges + tile * w->tile * 6 * NK_WIDTH;
      float *to = points + tile * NK_LANES + lane;
      for (int j = 0; j < 6; j++, to += 6 * point_step) {
        nk_vector pixels[6], t[6];
#pragma clang loop unroll(full)
        for (int i = 0; i < 6; i++) pixels[i] = nk_load(from + (i * 6 + j) * NK_WIDTH);
        nk_winograd_input(pixels, t);
#pragma clang loop unroll(full)
        for (int i = 0; i < 6; i++) nk_store(t[i], to + i * point_step);
      }
    }
  }
}

// The points of one tile to `height` × `width` of its pixels; those that lie `ahead` of them are fetched into the cache
// meanwhile, with what they are added to and gated by.
static inline __attribute__((always_inline)) void nk_transform_back(
    const int tile, const float *points, ptrdiff_t point_step, float bias, const nk_finish *finishing, ptrdiff_t height,
    ptrdiff_t width, float *result, ptrdiff_t result_line, ptrdiff_t ahead) {
  const nk_finish finish = *finishing;
  ptrdiff_t place = result - finish.begin + ahead;
#pragma clang loop unroll(full)
  for (int i = 0; i < tile; i++) {
    if (i >= height) break;
#pragma clang loop unroll(full)
    for (int j = 0; j < tile; j++) {
      ptrdiff_t pixel = i * result_line + j * NK_LANES;
      __builtin_prefetch(result + ahead + pixel, 1, 2);
      if (finish.residual) __builtin_prefetch(finish.residual + place + pixel, 0, 2);
      if (finish.gate) __builtin_prefetch(finish.gate + place + pixel, 0, 2);
    }
  }
  for (ptrdiff_t lane = 0; lane < NK_LANES; lane += NK_WIDTH) {
    nk_vector lines[6][4];
#pragma clang loop unroll(full)
    for (int i = 0; i < 6; i++) {
      nk_vector m[6];
#pragma clang loop unroll(full)
      for (int j = 0; j < 6; j++) m[j] = nk_load(points + (i * 6 + j) * point_step + lane);
      nk_winograd_output(tile, m, lines[i]);
    }
#pragma clang loop unroll(full)
    for (int j = 0; j < tile; j++) {
      if (j >= width) break;
      nk_vector column[6], pixels[4];
#pragma clang loop unroll(full)
      for (int i = 0; i < 6; i++) column[i] = lines[i][j];
      nk_winograd_output(tile, column, pixels);
#pragma clang loop unroll(full)
      for (int i = 0; i < tile; i++) {
        if (i >= height) break;
        float *place = result + i * result_line + j * NK_LANES + lane;
        nk_store(nk_finished(finish, pixels[i] + bias, place), place);
      }
    }
  }
}

// A run of tiles: some lines and columns of them, from some blocks.
typedef struct {
  ptrdiff_t block, blocks, line, lines, column, columns;
} nk_tile_run;

static void nk_winograd_points(
    const nk_winograd *w, const nk_tile_run *run, const float *x, ptrdiff_t block_step, float *edges, float *points) {
  ptrdiff_t tiles = run->blocks * run->lines * run->columns, plane = w->height * w->width * NK_LANES;
  ptrdiff_t point_step = nk_point_step(w->channels, tiles);
  // From the last channel's lines to those that come next: further down in the first one, or the next block's.
  ptrdiff_t further = run->lines * w->tile * w->width * NK_LANES - (w->channels - 1) * plane;
  ptrdiff_t next_block = block_step - (w->channels - 1) * plane;
  int is_last = (run->line + run->lines) * w->tile >= w->result_height;
  if (is_last) further = next_block - run->line * w->tile * w->width * NK_LANES;
  for (ptrdiff_t block = 0; block < run->blocks; block++) {
    for (ptrdiff_t c = 0; c < w->channels; c++) {
      const float *from = x + (run->block + block) * block_step + c * plane;
      ptrdiff_t ahead = c + 1 < w->channels ? plane : block + 1 < run->blocks ? next_block : further;
      for (ptrdiff_t line = 0; line < run->lines; line++) {
        float *to = points + (c * tiles + (block * run->lines + line) * run->columns) * NK_LANES;
        // A line's first pixels are the last ones of the line before.
        nk_transform_line(
            w, from, run->line + line, run->column, run->columns, edges, to, point_step, ahead,
            line > 0 ? (int)(6 - w->tile) : 0);
      }
    }
  }
}

static inline __attribute__((always_inline)) void nk_winograd_results_of(
    const int tile, const nk_winograd *w, const nk_tile_run *run, const float *sums, ptrdiff_t row, ptrdiff_t rows,
    const float *bias, float *result, ptrdiff_t block_step) {
  ptrdiff_t tiles = run->blocks * run->lines * run->columns, line_size = w->result_width * NK_LANES;
  ptrdiff_t point_step = nk_point_step(rows, tiles);
  for (ptrdiff_t i = 0; i < rows; i++) {
    const float *from = sums + i * tiles * NK_LANES;
    for (ptrdiff_t block = 0; block < run->blocks; block++) {
      float *plane =
          result + (run->block + block) * block_step + (row + i) * w->result_height * line_size;
      for (ptrdiff_t line = run->line; line < run->line + run->lines; line++) {
        ptrdiff_t height = w->result_height - tile * line;
        for (ptrdiff_t column = run->column; column < run->column + run->columns; column++, from += NK_LANES) {
          ptrdiff_t width = w->result_width - tile * column;
          nk_transform_back(
              tile, from, point_step, bias ? bias[row + i] : 0, w->finish, height, width,
              plane + tile * line * line_size + tile * column * NK_LANES, line_size, w->result_height * line_size);
        }
      }
    }
  }
}

static void nk_winograd_results(
    const nk_winograd *w, const nk_tile_run *run, const float *sums, ptrdiff_t row, ptrdiff_t rows, const float *bias,
    float *result, ptrdiff_t block_step) {
  if (w->tile == 4) {
    nk_winograd_results_of(4, w, run, sums, row, rows, bias, result, block_step);
  } else {
    nk_winograd_results_of(2, w, run, sums, row, rows, bias, result, block_step);
  }
}

static void nk_winograd_products(
    const nk_winograd *w, const nk_tile_run *run, nk_winograd_scratch parts, const float *bias, float *result,
    ptrdiff_t block_step) {
  ptrdiff_t tiles = run->blocks * run->lines * run->columns, row = 0, row_parts = nk_parts(w->rows, NK_TILE_ROWS);
  for (ptrdiff_t k = 0; k < w->channels; k++) parts.offsets[k] = k * tiles * NK_LANES;
  for (ptrdiff_t part = 0; part < row_parts; part++) {
    ptrdiff_t rows = nk_part(w->rows, row_parts, part);
    nk_product product = {.rows = rows, .depth = w->channels, .offsets = parts.offsets, .height = 1, .width = tiles};
    product.finish = &nk_as_it_is;
    product.pixel_step = product.result_pixel_step = NK_LANES;
    product.result_row_step = tiles * NK_LANES;
    for (ptrdiff_t point = 0; point < NK_POINTS; point++) {
      product.weights = parts.weights + (point * w->rows + row) * w->channels;
      nk_run_product(
          &product, parts.points + point * nk_point_step(w->channels, tiles),
          parts.sums + point * nk_point_step(rows, tiles));
    }
    nk_winograd_results(w, run, parts.sums, row, rows, bias, result, block_step);
    row += rows;
  }
}

// All blocks of one group; `x_step` and `result_step` lead from one block to the next.
static void nk_run_winograd(
    const nk_winograd *w, ptrdiff_t blocks, nk_winograd_scratch parts, const float *x, ptrdiff_t x_step,
    const float *bias, float *result, ptrdiff_t result_step) {
  ptrdiff_t lines = nk_parts(w->result_height, w->tile), columns = nk_parts(w->result_width, w->tile);
  nk_tile_run run;
  for (run.block = 0; run.block < blocks; run.block += w->blocks) {
    run.blocks = blocks - run.block < w->blocks ? blocks - run.block : w->blocks;
    for (run.line = 0; run.line < lines; run.line += w->lines) {
      run.lines = lines - run.line < w->lines ? lines - run.line : w->lines;
      for (run.column = 0; run.column < columns; run.column += w->columns) {
        run.columns = columns - run.column < w->columns ? columns - run.column : w->columns;
        nk_winograd_points(w, &run, x, x_step, parts.edges, parts.points);
        nk_winograd_products(w, &run, parts, bias, result, result_step);
      }
    }
  }
}

static void nk_convolve_winograd(
    const niche_convolution *s, ptrdiff_t groups, ptrdiff_t blocks, const float *images, const float *weight,
    const float *bias, const niche_finish *finish, float *result, void *scratch) {
  nk_finish finishing = nk_finish_of(finish, result);
  nk_winograd w = nk_winograd_of(
      s->channels, s->height, s->width, s->padding_height, s->padding_width, s->result_channels, s->result_height,
      s->result_width, s->kernel_height, &finishing, blocks);
  nk_winograd_scratch parts = nk_divide_winograd_scratch(&w, scratch);
  ptrdiff_t taps = s->kernel_height * s->kernel_width, image = s->channels * s->height * s->width * NK_LANES;
  ptrdiff_t result_size = s->result_channels * s->result_height * s->result_width * NK_LANES;
  for (ptrdiff_t group = 0; group < groups; group++) {
    nk_transform_weights(&w, weight, s->channels * taps, taps, 0, parts.weights);
    nk_run_winograd(
        &w, blocks, parts, images + group * image, groups * image, bias, result + group * result_size,
        groups * result_size);
    weight += s->result_channels * s->channels * taps;
    if (bias) bias += s->result_channels;
  }
}

static void nk_convolve_winograd_input_gradient(
    const niche_convolution *s, ptrdiff_t groups, ptrdiff_t blocks, const float *weight, const float *gradient,
    const niche_finish *finish, float *image_gradient, void *scratch) {
  nk_finish finishing = nk_finish_of(finish, image_gradient);
  nk_winograd w = nk_winograd_of(
      s->result_channels, s->result_height, s->result_width, s->kernel_height - 1 - s->padding_height,
      s->kernel_width - 1 - s->padding_width, s->channels, s->height, s->width, s->kernel_height, &finishing,
      blocks);
  nk_winograd_scratch parts = nk_divide_winograd_scratch(&w, scratch);
  ptrdiff_t taps = s->kernel_height * s->kernel_width, image = s->channels * s->height * s->width * NK_LANES;
  ptrdiff_t result_size = s->result_channels * s->result_height * s->result_width * NK_LANES;
  for (ptrdiff_t group = 0; group < groups; group++) {
    nk_transform_weights(&w, weight, taps, s->channels * taps, 1, parts.weights);
    nk_run_winograd(
        &w, blocks, parts, gradient + group * result_size, groups * result_size, 0, image_gradient + group * image,
        groups * image);
    weight += s->result_channels * s->channels * taps;
  }
}
