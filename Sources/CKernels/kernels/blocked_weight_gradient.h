// Weight gradients of convolutions over blocks: products of result gradients with the pixels that the taps meet.

// How many pixels of a pointwise weight gradient are done at a time; more of a tile's taps would not stay in the
// first-level cache.
#define NK_GRADIENT_PIXELS 64
// With how many taps those of some rows are copied together, and of how many rows.
#define NK_GRADIENT_GATHERS 64
#define NK_GRADIENT_GATHERED 48

// copied[k][pixel] = x[k · plane + pixel]; those behind them are fetched into the cache.
static inline void nk_gather_pixels(
    ptrdiff_t channels, ptrdiff_t plane, ptrdiff_t pixels, const float *x, float *copied) {
  ptrdiff_t floats = pixels * NK_LANES;
  for (ptrdiff_t k = 0; k < channels; k++, x += plane) {
    for (ptrdiff_t i = 0; i < floats; i += NK_LANES, copied += NK_LANES) {
      __builtin_prefetch(x + i + floats, 0, 2);
#pragma clang loop unroll(full)
      for (int lane = 0; lane < NK_LANES; lane += NK_WIDTH) nk_store(nk_load(x + i + lane), copied + lane);
    }
  }
}

// The weight gradient where a result's only tap is the pixel in its place. The operand with more channels is read once,
// the other one again and again, for which many taps pay for a copy.
static void nk_pointwise_weight_gradient(
    const niche_convolution *s, ptrdiff_t groups, ptrdiff_t blocks, ptrdiff_t begin, ptrdiff_t end,
    int32_t portion, const float *images, const float *gradient, float *weight_gradient,
    nk_convolution_scratch scratch) {
  ptrdiff_t channels = s->channels, pixels = s->height * s->width, plane = pixels * NK_LANES, rows;
  ptrdiff_t parts = nk_parts(pixels, NK_GRADIENT_PIXELS);
  nk_gradient_product product = {.offsets = scratch.offsets, .height = 1, .pixel_step = NK_LANES};
  for (ptrdiff_t k = 0; k < channels || k < s->result_channels; k++) scratch.offsets[k] = k * plane;
  if (portion & NICHE_FIRST) {
    memset(weight_gradient + begin * channels, 0, (size_t)((end - begin) * channels) * sizeof *weight_gradient);
  }
  for (ptrdiff_t group = begin / s->result_channels; begin < end; group++, begin += rows) {
    ptrdiff_t rest = (group + 1) * s->result_channels - begin;
    rows = end - begin < rest ? end - begin : rest;
    int is_turned = rows > channels;
    ptrdiff_t fewer = is_turned ? channels : rows;
    product.depth = is_turned ? rows : channels;
    int gathers = product.depth > NK_GRADIENT_GATHERS;
    ptrdiff_t most = gathers ? NK_GRADIENT_GATHERED : fewer;
    product.result_row_step = is_turned ? 1 : channels;
    product.result_tap_step = is_turned ? channels : 1;
    for (ptrdiff_t block = 0; block < blocks; block++) {
      const float *x = images + (block * groups + group) * channels * plane;
      const float *y = gradient + (block * groups * s->result_channels + begin) * plane;
      const float *few = is_turned ? x : y, *many = is_turned ? y : x;
      for (ptrdiff_t part = 0; part < parts; part++) {
        product.width = nk_part(pixels, parts, part);
        product.gradient_row_step = gathers ? product.width * NK_LANES : plane;
        for (ptrdiff_t row = 0; row < fewer; row += product.rows) {
          product.rows = fewer - row < most ? fewer - row : most;
          const float *from = few + row * plane;
          if (gathers) {
            nk_gather_pixels(product.rows, plane, product.width, from, scratch.copy);
            from = scratch.copy;
          }
          nk_run_gradient_product(
              &product, many, from, weight_gradient + begin * channels + row * product.result_row_step);
        }
        few += product.width * NK_LANES;
        many += product.width * NK_LANES;
      }
    }
  }
}

static void nk_convolve_blocks_weight_gradient(
    const niche_convolution *s, ptrdiff_t groups, ptrdiff_t blocks, ptrdiff_t begin, ptrdiff_t end,
    int32_t portion, const float *images, const float *gradient, float *weight_gradient, void *scratch) {
  nk_convolution_scratch parts = nk_divide_scratch(s, scratch);
  if (nk_is_depthwise(s)) {
    nk_convolve_depthwise_weight_gradient(
        s, groups, blocks, begin, end, portion, images, gradient, weight_gradient, parts.copy);
    return;
  }
  if (nk_is_pointwise(s)) {
    nk_pointwise_weight_gradient(s, groups, blocks, begin, end, portion, images, gradient, weight_gradient, parts);
    return;
  }
  ptrdiff_t depth = s->channels * s->kernel_height * s->kernel_width;
  ptrdiff_t image = s->channels * s->height * s->width * NK_LANES;
  ptrdiff_t result_line = s->result_width * NK_LANES, result_plane = s->result_height * result_line;
  ptrdiff_t band;
  nk_region region = nk_reached_region(s, &band);
  nk_gradient_product product = {.depth = depth, .offsets = parts.offsets, .result_row_step = depth};
  product.result_tap_step = 1;
  product.width = s->result_width;
  product.pixel_step = s->stride_width * NK_LANES;
  product.shares_pixels = s->kernel_height * s->kernel_width > 3 * s->stride_height * s->stride_width;
  product.gradient_row_step = result_plane;
  product.gradient_line_step = result_line;
  if (portion & NICHE_FIRST) {
    memset(weight_gradient + begin * depth, 0, (size_t)((end - begin) * depth) * sizeof *weight_gradient);
  }
  for (ptrdiff_t group = begin / s->result_channels; begin < end; group++, begin += product.rows) {
    ptrdiff_t first = begin - group * s->result_channels, rest = s->result_channels - first;
    product.rows = end - begin < rest ? end - begin : rest;
    for (ptrdiff_t block = 0; block < blocks; block++) {
      const float *x = images + (block * groups + group) * image;
      const float *from = gradient + ((block * groups + group) * s->result_channels + first) * result_plane;
      for (ptrdiff_t line = 0; line < s->result_height; line += band) {
        product.height = s->result_height - line < band ? s->result_height - line : band;
        nk_pixels pixels = nk_reached_pixels(s, &region, line, product.height, x, &parts);
        product.line_step = s->stride_height * pixels.line_step;
        nk_run_gradient_product(&product, pixels.start, from + line * result_line, weight_gradient + begin * depth);
      }
    }
  }
}
