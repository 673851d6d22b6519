// The weight gradient of a convolution in the points of Winograd's algorithm: the transpose of what winograd.h
// computes, with as few multiplications.

// A along one axis: `tile` pixels to six points.
static inline __attribute__((always_inline)) void nk_winograd_spread(const int tile, const nk_vector *y, nk_vector *t) {
  nk_vector even = y[0], odd = y[1], far_even = y[0], far_odd = 2.0f * y[1];
  if (tile == 4) {
    even += y[2];
    odd += y[3];
    far_even += 4.0f * y[2];
    far_odd += 8.0f * y[3];
  }
  t[0] = y[0];
  t[1] = even + odd;
  t[2] = even - odd;
  t[3] = far_even + far_odd;
  t[4] = far_even - far_odd;
  t[5] = y[tile - 1];
}

// A tile of `height` × `width` of its pixels to its points; those that lie `ahead` of them are fetched into the cache
// meanwhile.
static inline __attribute__((always_inline)) void nk_transform_gradient(
    const int tile, const float *pixels, ptrdiff_t line_size, ptrdiff_t height, ptrdiff_t width, float *points,
    ptrdiff_t point_step, ptrdiff_t ahead) {
#pragma clang loop unroll(full)
  for (int i = 0; i < tile; i++) {
    if (i >= height) break;
#pragma clang loop unroll(full)
    for (int j = 0; j < tile; j++) __builtin_prefetch(pixels + ahead + i * line_size + j * NK_LANES, 0, 2);
  }
  for (ptrdiff_t lane = 0; lane < NK_LANES; lane += NK_WIDTH) {
    nk_vector lines[4][6];
#pragma clang loop unroll(full)
    for (int i = 0; i < tile; i++) {
      nk_vector y[4];
#pragma clang loop unroll(full)
      for (int j = 0; j < tile; j++) {
        nk_vector none = 0.0f;
        y[j] = i < height && j < width ? nk_load(pixels + i * line_size + j * NK_LANES + lane) : none;
      }
      nk_winograd_spread(tile, y, lines[i]);
    }
    float *to = points + lane;
#pragma clang loop unroll(full)
    for (int j = 0; j < 6; j++) {
      nk_vector column[4], t[6];
#pragma clang loop unroll(full)
      for (int i = 0; i < tile; i++) column[i] = lines[i][j];
      nk_winograd_spread(tile, column, t);
#pragma clang loop unroll(full)
      for (int i = 0; i < 6; i++) nk_store(t[i], to + (i * 6 + j) * point_step);
    }
  }
}

static inline __attribute__((always_inline)) void nk_winograd_gradient_points_of(
    const int tile, const nk_winograd *w, const nk_tile_run *run, const float *gradient, ptrdiff_t block_step,
    float *points) {
  ptrdiff_t tiles = run->blocks * run->lines * run->columns, line_size = w->result_width * NK_LANES;
  ptrdiff_t point_step = nk_point_step(w->rows, tiles);
  for (ptrdiff_t block = 0; block < run->blocks; block++) {
    for (ptrdiff_t row = 0; row < w->rows; row++) {
      const float *plane = gradient + (run->block + block) * block_step + row * w->result_height * line_size;
      float *to = points + (row * tiles + block * run->lines * run->columns) * NK_LANES;
      for (ptrdiff_t line = run->line; line < run->line + run->lines; line++) {
        ptrdiff_t height = w->result_height - tile * line;
        for (ptrdiff_t column = run->column; column < run->column + run->columns; column++, to += NK_LANES) {
          ptrdiff_t width = w->result_width - tile * column;
          nk_transform_gradient(
              tile, plane + tile * line * line_size + tile * column * NK_LANES, line_size, height, width, to,
              point_step, w->result_height * line_size);
        }
      }
    }
  }
}

static void nk_winograd_gradient_points(
    const nk_winograd *w, const nk_tile_run *run, const float *gradient, ptrdiff_t block_step, float *points) {
  if (w->tile == 4) {
    nk_winograd_gradient_points_of(4, w, run, gradient, block_step, points);
  } else {
    nk_winograd_gradient_points_of(2, w, run, gradient, block_step, points);
  }
}

// Gᵀ along one axis: six points to weights, for sixteen channels at once.
static inline __attribute__((always_inline)) void nk_winograd_gather(
    const int taps, const float (*s)[16], ptrdiff_t step, float (*g)[16], ptrdiff_t result_step) {
  for (int i = 0; i < 16; i++) {
    float even = (s[step][i] + s[2 * step][i]) * (-1.0f / 6), odd = (s[step][i] - s[2 * step][i]) * (-1.0f / 6);
    float far_even = (s[3 * step][i] + s[4 * step][i]) * (1.0f / 24);
    float far_odd = (s[3 * step][i] - s[4 * step][i]) * (1.0f / 24);
    g[0][i] = s[0][i] * 0.25f + even + far_even;
    g[result_step][i] = odd + 2 * far_odd;
    g[2 * result_step][i] = even + 4 * far_even;
    if (taps == 5) {
      g[3 * result_step][i] = odd + 8 * far_odd;
      g[4 * result_step][i] = even + 16 * far_even;
    }
    g[(taps - 1) * result_step][i] += s[5 * step][i];
  }
}

// sums: [point][size] → weight_gradient: [size][taps][taps].
static inline __attribute__((always_inline)) void nk_transform_sums(
    const int taps, ptrdiff_t size, const float *sums, float *weight_gradient) {
  for (ptrdiff_t start = 0; start < size; start += 16) {
    ptrdiff_t count = size - start < 16 ? size - start : 16;
    float points[NK_POINTS][16] = {{0}}, lines[30][16], weights[25][16];
    for (int point = 0; point < NK_POINTS; point++) {
      for (ptrdiff_t i = 0; i < count; i++) points[point][i] = sums[point * size + start + i];
    }
    for (int line = 0; line < 6; line++) nk_winograd_gather(taps, points + 6 * line, 1, lines + taps * line, 1);
    for (int column = 0; column < taps; column++) {
      nk_winograd_gather(taps, lines + column, taps, weights + column, taps);
    }
    for (ptrdiff_t i = 0; i < count; i++) {
      for (int tap = 0; tap < taps * taps; tap++) weight_gradient[(start + i) * taps * taps + tap] = weights[tap][i];
    }
  }
}

static void nk_winograd_gradient_products(
    const nk_winograd *w, const nk_tile_run *run, ptrdiff_t *offsets, const float *points, const float *gradients,
    float *sums) {
  ptrdiff_t tiles = run->blocks * run->lines * run->columns, size = tiles * NK_LANES;
  for (ptrdiff_t k = 0; k < w->channels; k++) offsets[k] = k * size;
  nk_gradient_product product = {.rows = w->rows, .depth = w->channels, .offsets = offsets, .height = 1};
  product.width = tiles;
  product.pixel_step = NK_LANES;
  product.gradient_row_step = size;
  product.result_row_step = w->channels;
  product.result_tap_step = 1;
  for (ptrdiff_t point = 0; point < NK_POINTS; point++) {
    nk_run_gradient_product(
        &product, points + point * nk_point_step(w->channels, tiles),
        gradients + point * nk_point_step(w->rows, tiles), sums + point * w->rows * w->channels);
  }
}

static void nk_convolve_winograd_weight_gradient(
    const niche_convolution *s, ptrdiff_t groups, ptrdiff_t blocks, ptrdiff_t begin, ptrdiff_t end,
    int32_t portion, const float *images, const float *gradient, float *weight_gradient, void *scratch) {
  nk_winograd w = {s->channels, s->height, s->width, s->padding_height, s->padding_width, s->result_channels,
                   s->result_height, s->result_width, s->kernel_height, 7 - s->kernel_height, &nk_as_it_is, 1, 1, 1,
                   0};
  niche_winograd_gradient_band(s, blocks, &w.blocks, &w.lines, &w.columns);
  ptrdiff_t image = s->channels * s->height * s->width * NK_LANES, weights = s->channels * s->result_channels;
  ptrdiff_t result_size = s->result_channels * s->result_height * s->result_width * NK_LANES;
  ptrdiff_t lines = nk_parts(s->result_height, w.tile), columns = nk_parts(s->result_width, w.tile);
  ptrdiff_t tiles = w.blocks * w.lines * w.columns;
  ptrdiff_t *offsets = scratch;
  float *sums = (float *)(offsets + (s->channels + 7) / 8 * 8);
  float *points = sums + (NK_POINTS * weights + 15) / 16 * 16;
  float *gradients = points + NK_POINTS * nk_point_step(s->channels, tiles);
  w.zeros = gradients + NK_POINTS * nk_point_step(s->result_channels, tiles);
  memset(w.zeros, 0, (size_t)(s->width * NK_LANES) * sizeof *w.zeros);
  ptrdiff_t plane = result_size / s->result_channels;
  for (ptrdiff_t group = begin / s->result_channels; begin < end; group++, begin += w.rows) {
    ptrdiff_t rest = (group + 1) * s->result_channels - begin;
    w.rows = end - begin < rest ? end - begin : rest;
    weights = w.rows * s->channels;
    const float *x = images + group * image, *from = gradient + begin * plane;
    if (portion & NICHE_FIRST) memset(sums, 0, (size_t)(NK_POINTS * weights) * sizeof *sums);
    nk_tile_run run;
    for (run.block = 0; run.block < blocks; run.block += w.blocks) {
      run.blocks = blocks - run.block < w.blocks ? blocks - run.block : w.blocks;
      for (run.line = 0; run.line < lines; run.line += w.lines) {
        run.lines = lines - run.line < w.lines ? lines - run.line : w.lines;
        for (run.column = 0; run.column < columns; run.column += w.columns) {
          run.columns = columns - run.column < w.columns ? columns - run.column : w.columns;
          ptrdiff_t count = run.blocks * run.lines * run.columns;
          nk_point_steps steps = {nk_point_step(w.channels, count), NK_LANES, count * NK_LANES};
          nk_winograd_points(&w, &run, x, groups * image, points, &steps);
          nk_winograd_gradient_points(&w, &run, from, groups * result_size, gradients);
          nk_winograd_gradient_products(&w, &run, offsets, points, gradients, sums);
        }
      }
    }
    if (!(portion & NICHE_LAST)) continue;
    if (w.taps == 3) {
      nk_transform_sums(3, weights, sums, weight_gradient + begin * s->channels * 9);
    } else {
      nk_transform_sums(5, weights, sums, weight_gradient + begin * s->channels * 25);
    }
  }
}
