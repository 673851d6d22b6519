// 3 × 3 convolutions with a quarter of the multiplications, and 5 × 5 ones with 36 %: minimal filtering F(4 × 4, 3 × 3)
// and F(2 × 2, 5 × 5) of Winograd (1980) as in Lavin & Gray 2016, "Fast Algorithms for Convolutional Neural Networks",
// over blocks of images.
//
// A tile of 6 × 6 pixels is transformed to 36 points; at each point the result is a product of channels alone, which
// transformed back gives 4 × 4 or 2 × 2 result pixels. Both evaluate polynomials at 0, 1, −1, 2, −2 and infinity. As a
// vector holds sixteen images, no transform needs a shuffle.

static nk_winograd nk_winograd_of(
    ptrdiff_t channels, ptrdiff_t height, ptrdiff_t width, ptrdiff_t top, ptrdiff_t left, ptrdiff_t rows,
    ptrdiff_t result_height, ptrdiff_t result_width, ptrdiff_t taps, const nk_finish *finish, ptrdiff_t blocks) {
  nk_winograd w = {.channels = channels, .height = height, .width = width, .top = top, .left = left, .rows = rows};
  w.result_height = result_height;
  w.result_width = result_width;
  w.taps = taps;
  w.tile = 7 - taps;
  w.finish = finish;
  niche_winograd_band(channels, w.tile, result_height, result_width, blocks, &w.blocks, &w.lines, &w.columns);
  return w;
}

static nk_winograd_scratch nk_divide_winograd_scratch(nk_winograd *w, void *scratch) {
  ptrdiff_t tiles = w->blocks * w->lines * w->columns;
  nk_winograd_scratch parts;
  parts.weights = scratch;
  parts.points = parts.weights + (NK_POINTS * nk_weight_step(w) + 15) / 16 * 16;
  parts.sums = parts.points + NK_POINTS * nk_panel_steps(w->channels, tiles).point;
  ptrdiff_t rows = w->rows < NICHE_WINOGRAD_ROWS ? w->rows : NICHE_WINOGRAD_ROWS;
  w->zeros = parts.sums + rows * tiles * NK_SUM_STEP;
  memset(w->zeros, 0, (size_t)(w->width * NK_LANES) * sizeof *w->zeros);
  return parts;
}

// A run of tiles: some lines and columns of them, from some blocks.
typedef struct {
  ptrdiff_t block, blocks, line, lines, column, columns;
} nk_tile_run;

static void nk_winograd_points(
    const nk_winograd *w, const nk_tile_run *run, const float *x, ptrdiff_t block_step, float *points,
    const nk_point_steps *steps) {
  ptrdiff_t plane = w->height * w->width * NK_LANES;
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
        float *to = points + c * steps->channel + (block * run->lines + line) * run->columns * steps->tile;
        // A line's first pixels are the last ones of the line before.
        nk_transform_line(
            w, from, run->line + line, run->column, run->columns, to, steps, ahead,
            line > 0 ? (int)(6 - w->tile) : 0);
      }
    }
  }
}

static inline __attribute__((always_inline)) void nk_winograd_results_of(
    const int tile, const enum nk_ending ending, const nk_winograd *w, const nk_tile_run *run, const float *sums,
    ptrdiff_t row, ptrdiff_t rows, const float *bias, float *result, ptrdiff_t block_step) {
  ptrdiff_t line_size = w->result_width * NK_LANES, plane_size = w->result_height * line_size;
  const nk_finish finish = *w->finish;
  for (ptrdiff_t i = 0; i < rows; i++) {
    const float *from = sums + i * NK_SUM_STEP;
    float start = bias ? bias[row + i] : 0;
    for (ptrdiff_t block = run->block; block < run->block + run->blocks; block++) {
      float *plane = result + block * block_step + (row + i) * plane_size;
      for (ptrdiff_t line = run->line; line < run->line + run->lines; line++) {
        ptrdiff_t height = w->result_height - tile * line, width = w->result_width - tile * run->column;
        float *to = plane + tile * line * line_size + tile * run->column * NK_LANES;
        for (ptrdiff_t column = 0; column < run->columns; column++) {
          if (height >= tile && width >= tile) {
            nk_transform_back(tile, ending, from, start, finish, tile, tile, to, line_size, plane_size);
          } else {
            nk_transform_back(tile, NK_FINISHED, from, start, finish, height, width, to, line_size, plane_size);
          }
          from += rows * NK_SUM_STEP;
          to += tile * NK_LANES;
          width -= tile;
        }
      }
    }
  }
}

static void nk_winograd_results(
    const nk_winograd *w, const nk_tile_run *run, const float *sums, ptrdiff_t row, ptrdiff_t rows, const float *bias,
    float *result, ptrdiff_t block_step) {
  if (w->tile == 2) {
    nk_winograd_results_of(2, NK_FINISHED, w, run, sums, row, rows, bias, result, block_step);
  } else if (w->finish->residual || w->finish->gate) {
    nk_winograd_results_of(4, NK_FINISHED, w, run, sums, row, rows, bias, result, block_step);
  } else if (w->finish->is_bounded) {
    nk_winograd_results_of(4, NK_BOUNDED, w, run, sums, row, rows, bias, result, block_step);
  } else {
    nk_winograd_results_of(4, NK_AS_IS, w, run, sums, row, rows, bias, result, block_step);
  }
}

// Some rows at a time, so that a point's tiles stay in the first-level cache for all of them.
static void nk_winograd_products(
    const nk_winograd *w, const nk_tile_run *run, nk_winograd_scratch scratch, const float *bias, float *result,
    ptrdiff_t block_step) {
  ptrdiff_t tiles = run->blocks * run->lines * run->columns, channels = w->channels;
  ptrdiff_t parts = nk_parts(w->rows, NK_PANEL_ROWS), part = 0, row = 0;
  nk_point_steps steps = nk_panel_steps(channels, tiles);
  nk_panels panels = {.depth = channels, .pixels = tiles, .pixel_step = steps.tile, .result_row_step = NK_SUM_STEP};
  while (part < parts) {
    ptrdiff_t first = part, rows = 0;
    do rows += nk_part(w->rows, parts, part++);
    while (part < parts && rows + NK_PANEL_ROWS <= NICHE_WINOGRAD_ROWS);
    panels.result_pixel_step = rows * NK_SUM_STEP;
    for (ptrdiff_t point = 0; point < NK_POINTS; point++) {
      const float *weights = scratch.weights + point * nk_weight_step(w) + row * channels;
      float *sums = scratch.sums + point * NK_LANES;
      for (ptrdiff_t i = first; i < part; i++) {
        ptrdiff_t count = nk_part(w->rows, parts, i);
        nk_point_products[count - 1](&panels, weights, 0, scratch.points + point * steps.point, sums);
        weights += count * channels;
        sums += count * NK_SUM_STEP;
      }
    }
    nk_winograd_results(w, run, scratch.sums, row, rows, bias, result, block_step);
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
        nk_point_steps steps = nk_panel_steps(w->channels, run.blocks * run.lines * run.columns);
        nk_winograd_points(w, &run, x, x_step, parts.points, &steps);
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
