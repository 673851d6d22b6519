// 3 × 3 convolutions with a quarter of the multiplications: minimal filtering F(4 × 4, 3 × 3) of Winograd (1980) as in
// Lavin & Gray 2016, "Fast Algorithms for Convolutional Neural Networks", over blocks of images.
//
// A tile of 6 × 6 pixels is transformed to 36 points; at each point the result is a product of channels alone, which
// transformed back gives 4 × 4 result pixels. As a vector holds sixteen images, no transform needs a shuffle.

#define NK_POINTS 36

typedef struct {
  ptrdiff_t channels, height, width, top, left;
  ptrdiff_t rows, result_height, result_width;
  // Tiles that are done at a time: of so many images' blocks, lines and columns.
  ptrdiff_t blocks, lines, columns;
} nk_winograd;

// The parts of the scratch memory.
typedef struct {
  ptrdiff_t *offsets;
  float *weights, *points, *sums, *edges;
} nk_winograd_scratch;

static nk_winograd nk_winograd_of(
    ptrdiff_t channels, ptrdiff_t height, ptrdiff_t width, ptrdiff_t top, ptrdiff_t left, ptrdiff_t rows,
    ptrdiff_t result_height, ptrdiff_t result_width, ptrdiff_t blocks) {
  nk_winograd w = {channels, height, width, top, left, rows, result_height, result_width, 1, 1, 1};
  niche_winograd_band(channels, result_height, result_width, blocks, &w.blocks, &w.lines, &w.columns);
  return w;
}

static nk_winograd_scratch nk_divide_winograd_scratch(const nk_winograd *w, void *scratch) {
  ptrdiff_t tiles = w->blocks * w->lines * w->columns;
  nk_winograd_scratch parts;
  parts.offsets = scratch;
  parts.weights = (float *)(parts.offsets + (w->channels + 7) / 8 * 8);
  parts.points = parts.weights + (NK_POINTS * w->rows * w->channels + 15) / 16 * 16;
  parts.sums = parts.points + NK_POINTS * w->channels * tiles * NK_LANES;
  parts.edges = parts.sums + NK_POINTS * 8 * tiles * NK_LANES;
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

// Aᵀ along one axis: six points to four pixels.
static inline __attribute__((always_inline)) void nk_winograd_output(const nk_vector *m, nk_vector *t) {
  nk_vector sum1 = m[1] + m[2], difference1 = m[1] - m[2], sum2 = m[3] + m[4], difference2 = m[3] - m[4];
  t[0] = m[0] + sum1 + sum2;
  t[1] = difference1 + 2.0f * difference2;
  t[2] = sum1 + 4.0f * sum2;
  t[3] = difference1 + 8.0f * difference2 + m[5];
}

// G along one axis: three weights to six points, for up to eight rows at once.
static inline void nk_winograd_weight(const float (*g)[8], ptrdiff_t step, float (*u)[8], ptrdiff_t result_step) {
  for (int i = 0; i < 8; i++) {
    float a = g[0][i], b = g[step][i], c = g[2 * step][i];
    u[0][i] = a * 0.25f;
    u[result_step][i] = (a + b + c) * (-1.0f / 6);
    u[2 * result_step][i] = (a - b + c) * (-1.0f / 6);
    u[3 * result_step][i] = a * (1.0f / 24) + b * (1.0f / 12) + c * (1.0f / 6);
    u[4 * result_step][i] = a * (1.0f / 24) - b * (1.0f / 12) + c * (1.0f / 6);
    u[5 * result_step][i] = c;
  }
}

// weights[row · row_step + k · channel_step + tap] to [point][part][k][row]; `is_turned`: the taps in reverse.
static void nk_transform_weights(
    const nk_winograd *w, const float *weights, ptrdiff_t row_step, ptrdiff_t channel_step, int is_turned,
    float *result) {
  ptrdiff_t parts = nk_parts(w->rows, NK_TILE_ROWS), size = w->rows * w->channels;
  for (ptrdiff_t part = 0; part < parts; part++) {
    ptrdiff_t rows = nk_part(w->rows, parts, part);
    for (ptrdiff_t k = 0; k < w->channels; k++, result += rows) {
      float taps[9][8] = {{0}}, lines[18][8], points[NK_POINTS][8];
      for (ptrdiff_t i = 0; i < rows; i++) {
        const float *from = weights + i * row_step + k * channel_step;
        for (int tap = 0; tap < 9; tap++) taps[tap][i] = from[is_turned ? 8 - tap : tap];
      }
      for (int column = 0; column < 3; column++) nk_winograd_weight(taps + column, 3, lines + column, 3);
      for (int line = 0; line < 6; line++) nk_winograd_weight(lines + 3 * line, 1, points + 6 * line, 1);
      for (int point = 0; point < NK_POINTS; point++) {
        for (ptrdiff_t i = 0; i < rows; i++) result[point * size + i] = points[point][i];
      }
    }
    weights += rows * row_step;
  }
}

// One channel of a line of tiles to its points, `point_step` apart; `edges` holds the lines' transform.
static void nk_transform_line(
    const nk_winograd *w, const float *plane, ptrdiff_t line, ptrdiff_t column, ptrdiff_t tiles, float *edges,
    float *points, ptrdiff_t point_step) {
  static const float zeros[NK_LANES] = {0};
  ptrdiff_t first = 4 * column - w->left, count = 4 * tiles + 2;
  for (ptrdiff_t lane = 0; lane < NK_LANES; lane += NK_WIDTH) {
    const float *lines[6];
    ptrdiff_t steps[6];
    for (int i = 0; i < 6; i++) {
      ptrdiff_t y = 4 * line - w->top + i;
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
      nk_winograd_input(pixels, t);
#pragma clang loop unroll(full)
      for (int j = 0; j < 6; j++) nk_store(t[j], to + j * NK_WIDTH);
    }
    for (ptrdiff_t tile = 0; tile < tiles; tile++) {
      const float *from = edges + tile * 4 * 6 * NK_WIDTH;
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

// The points of one tile to `height` × `width` of its 4 × 4 pixels.
static void nk_transform_back(
    const float *points, ptrdiff_t point_step, float bias, ptrdiff_t height, ptrdiff_t width, float *result,
    ptrdiff_t result_line) {
  for (ptrdiff_t lane = 0; lane < NK_LANES; lane += NK_WIDTH) {
    nk_vector lines[6][4];
#pragma clang loop unroll(full)
    for (int i = 0; i < 6; i++) {
      nk_vector m[6];
#pragma clang loop unroll(full)
      for (int j = 0; j < 6; j++) m[j] = nk_load(points + (i * 6 + j) * point_step + lane);
      nk_winograd_output(m, lines[i]);
    }
#pragma clang loop unroll(full)
    for (int j = 0; j < 4; j++) {
      if (j >= width) break;
      nk_vector column[6], pixels[4];
#pragma clang loop unroll(full)
      for (int i = 0; i < 6; i++) column[i] = lines[i][j];
      nk_winograd_output(column, pixels);
#pragma clang loop unroll(full)
      for (int i = 0; i < 4; i++) {
        if (i < height) nk_store(pixels[i] + bias, result + i * result_line + j * NK_LANES + lane);
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
  ptrdiff_t tiles = run->blocks * run->lines * run->columns * NK_LANES, plane = w->height * w->width * NK_LANES;
  for (ptrdiff_t block = 0; block < run->blocks; block++) {
    for (ptrdiff_t c = 0; c < w->channels; c++) {
      const float *from = x + (run->block + block) * block_step + c * plane;
      for (ptrdiff_t line = 0; line < run->lines; line++) {
        float *to = points + c * tiles + (block * run->lines + line) * run->columns * NK_LANES;
        nk_transform_line(w, from, run->line + line, run->column, run->columns, edges, to, w->channels * tiles);
      }
    }
  }
}

static void nk_winograd_results(
    const nk_winograd *w, const nk_tile_run *run, const float *sums, ptrdiff_t row, ptrdiff_t rows, const float *bias,
    float *result, ptrdiff_t block_step) {
  ptrdiff_t tiles = run->blocks * run->lines * run->columns * NK_LANES, line_size = w->result_width * NK_LANES;
  for (ptrdiff_t i = 0; i < rows; i++) {
    const float *from = sums + i * tiles;
    for (ptrdiff_t block = 0; block < run->blocks; block++) {
      float *plane =
          result + (run->block + block) * block_step + (row + i) * w->result_height * line_size;
      for (ptrdiff_t line = run->line; line < run->line + run->lines; line++) {
        ptrdiff_t height = w->result_height - 4 * line;
        for (ptrdiff_t column = run->column; column < run->column + run->columns; column++, from += NK_LANES) {
          ptrdiff_t width = w->result_width - 4 * column;
          nk_transform_back(
              from, rows * tiles, bias ? bias[row + i] : 0, height < 4 ? height : 4, width < 4 ? width : 4,
              plane + 4 * line * line_size + 4 * column * NK_LANES, line_size);
        }
      }
    }
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
    product.pixel_step = product.result_pixel_step = NK_LANES;
    product.result_row_step = tiles * NK_LANES;
    for (ptrdiff_t point = 0; point < NK_POINTS; point++) {
      product.weights = parts.weights + (point * w->rows + row) * w->channels;
      nk_run_product(
          &product, parts.points + point * w->channels * tiles * NK_LANES,
          parts.sums + point * rows * tiles * NK_LANES);
    }
    nk_winograd_results(w, run, parts.sums, row, rows, bias, result, block_step);
    row += rows;
  }
}

// All blocks of one group; `x_step` and `result_step` lead from one block to the next.
static void nk_run_winograd(
    const nk_winograd *w, ptrdiff_t blocks, nk_winograd_scratch parts, const float *x, ptrdiff_t x_step,
    const float *bias, float *result, ptrdiff_t result_step) {
  ptrdiff_t lines = nk_parts(w->result_height, 4), columns = nk_parts(w->result_width, 4);
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
    const float *bias, float *result, void *scratch) {
  nk_winograd w = nk_winograd_of(
      s->channels, s->height, s->width, s->padding_height, s->padding_width, s->result_channels, s->result_height,
      s->result_width, blocks);
  nk_winograd_scratch parts = nk_divide_winograd_scratch(&w, scratch);
  ptrdiff_t image = s->channels * s->height * s->width * NK_LANES;
  ptrdiff_t result_size = s->result_channels * s->result_height * s->result_width * NK_LANES;
  for (ptrdiff_t group = 0; group < groups; group++) {
    nk_transform_weights(&w, weight, s->channels * 9, 9, 0, parts.weights);
    nk_run_winograd(
        &w, blocks, parts, images + group * image, groups * image, bias, result + group * result_size,
        groups * result_size);
    weight += s->result_channels * s->channels * 9;
    if (bias) bias += s->result_channels;
  }
}

static void nk_convolve_winograd_input_gradient(
    const niche_convolution *s, ptrdiff_t groups, ptrdiff_t blocks, const float *weight, const float *gradient,
    float *image_gradient, void *scratch) {
  nk_winograd w = nk_winograd_of(
      s->result_channels, s->result_height, s->result_width, 2 - s->padding_height, 2 - s->padding_width, s->channels,
      s->height, s->width, blocks);
  nk_winograd_scratch parts = nk_divide_winograd_scratch(&w, scratch);
  ptrdiff_t image = s->channels * s->height * s->width * NK_LANES;
  ptrdiff_t result_size = s->result_channels * s->result_height * s->result_width * NK_LANES;
  for (ptrdiff_t group = 0; group < groups; group++) {
    nk_transform_weights(&w, weight, 9, s->channels * 9, 1, parts.weights);
    nk_run_winograd(
        &w, blocks, parts, gradient + group * result_size, groups * result_size, 0, image_gradient + group * image,
        groups * image);
    weight += s->result_channels * s->channels * 9;
  }
}
