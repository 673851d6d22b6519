// Convolutions over blocks of images, as products of the weights with the pixels that the taps meet, read in place.
//
// Where taps reach beyond the image, some lines at a time are copied with zeros around them, so that the products know
// nothing of borders; that costs a hundredth of what it saves.

// A window of lines and columns of [channels, height, width, 16], possibly beyond its borders.
typedef struct {
  ptrdiff_t channels, height, width;
  ptrdiff_t first_line, lines, first_column, columns;
} nk_region;

// Where the pixels of a region lie, and how far apart.
typedef struct {
  const float *start;
  ptrdiff_t channel_step, line_step;
} nk_pixels;

static inline int nk_is_inside(const nk_region *r) {
  return r->first_line >= 0 && r->first_line + r->lines <= r->height && r->first_column >= 0 &&
         r->first_column + r->columns <= r->width;
}

// How many lines are fetched into the cache before they are copied.
#define NK_LINES_AHEAD 4

// The region in place if it lies inside, else copied with zeros.
static nk_pixels nk_pixels_of(const nk_region *r, const float *x, float *copy) {
  ptrdiff_t plane = r->height * r->width * NK_LANES, line_size = r->width * NK_LANES;
  if (nk_is_inside(r)) {
    nk_pixels pixels = {x + r->first_line * line_size + r->first_column * NK_LANES, plane, line_size};
    return pixels;
  }
  ptrdiff_t copied = r->columns * NK_LANES;
  nk_pixels pixels = {copy, r->lines * copied, copied};
  ptrdiff_t left = r->first_column < 0 ? -r->first_column : 0, first = r->first_column > 0 ? r->first_column : 0;
  if (left > r->columns) left = r->columns;
  ptrdiff_t inside = r->columns - left < r->width - first ? r->columns - left : r->width - first;
  if (inside < 0) inside = 0;
  ptrdiff_t right = r->columns - left - inside;
  for (ptrdiff_t c = 0; c < r->channels; c++, x += plane) {
    for (ptrdiff_t i = 0; i < r->lines; i++, copy += copied) {
      ptrdiff_t y = r->first_line + i, later = y + NK_LINES_AHEAD;
      // A line further down, or of the next channel.
      const float *next = x + first * NK_LANES;
      next += i + NK_LINES_AHEAD < r->lines ? later * line_size : plane + (later - r->lines) * line_size;
      for (ptrdiff_t place = 0; place < inside * NK_LANES; place += NK_LANES) __builtin_prefetch(next + place, 0, 2);
      if (y < 0 || y >= r->height) {
        memset(copy, 0, (size_t)copied * sizeof *copy);
        continue;
      }
      memset(copy, 0, (size_t)(left * NK_LANES) * sizeof *copy);
      memcpy(copy + left * NK_LANES, x + y * line_size + first * NK_LANES, (size_t)(inside * NK_LANES) * sizeof *copy);
      memset(copy + (left + inside) * NK_LANES, 0, (size_t)(right * NK_LANES) * sizeof *copy);
    }
  }
  return pixels;
}

// How many result lines are done at a time, if each needs `stride` lines more than `reach` lines of the operand.
static inline ptrdiff_t nk_band_lines(
    ptrdiff_t channels, ptrdiff_t columns, ptrdiff_t stride, ptrdiff_t reach, ptrdiff_t result_lines) {
  ptrdiff_t lines = NICHE_BAND_FLOATS / (channels * columns * NK_LANES);
  ptrdiff_t band = (lines - reach) / stride;
  band = band < 1 ? 1 : band;
  return band < result_lines ? band : result_lines;
}

// Whether a result's only tap is the pixel in its place.
static inline int nk_is_pointwise(const niche_convolution *s) {
  return s->kernel_height == 1 && s->kernel_width == 1 && s->height == s->result_height &&
         s->width == s->result_width && s->stride_height == 1 && s->stride_width == 1 && s->padding_height == 0 &&
         s->padding_width == 0;
}

// The parts of the scratch memory.
typedef struct {
  ptrdiff_t *offsets, *sources;
  float *weights, *panels, *copy;
} nk_convolution_scratch;

static nk_convolution_scratch nk_divide_scratch(const niche_convolution *s, void *scratch) {
  ptrdiff_t taps = s->kernel_height * s->kernel_width;
  ptrdiff_t channels = s->channels > s->result_channels ? s->channels : s->result_channels;
  ptrdiff_t depth = channels * taps, weights = s->channels * s->result_channels * taps;
  nk_convolution_scratch parts;
  parts.offsets = scratch;
  parts.sources = parts.offsets + (depth + 7) / 8 * 8;
  parts.weights = (float *)(parts.sources + (depth + 7) / 8 * 8);
  parts.panels = parts.weights + (weights + 15) / 16 * 16;
  parts.copy = parts.panels + NICHE_PANEL_FLOATS(depth);
  return parts;
}

// The columns and lines of an operand that a result's taps reach.
static inline ptrdiff_t nk_reach(ptrdiff_t kernel, ptrdiff_t dilation) { return (kernel - 1) * dilation + 1; }

static void nk_tap_offsets(
    const niche_convolution *s, ptrdiff_t channel_step, ptrdiff_t line_step, ptrdiff_t *offsets) {
  for (ptrdiff_t c = 0; c < s->channels; c++) {
    for (ptrdiff_t ky = 0; ky < s->kernel_height; ky++) {
      for (ptrdiff_t kx = 0; kx < s->kernel_width; kx++) {
        *offsets++ = c * channel_step + ky * s->dilation_height * line_step + kx * s->dilation_width * NK_LANES;
      }
    }
  }
}

// The columns that all results' taps reach, and how many lines of results are done at a time.
static nk_region nk_reached_region(const niche_convolution *s, ptrdiff_t *band) {
  nk_region region = {.channels = s->channels, .height = s->height, .width = s->width};
  region.first_column = -s->padding_width;
  region.columns = (s->result_width - 1) * s->stride_width + nk_reach(s->kernel_width, s->dilation_width);
  ptrdiff_t more = nk_reach(s->kernel_height, s->dilation_height) - s->stride_height;
  *band = nk_band_lines(s->channels, region.columns, s->stride_height, more, s->result_height);
  return region;
}

// The pixels of a region that `lines` lines of results from `line` on reach; the scratch memory receives the taps'
// offsets from them.
static nk_pixels nk_reached_pixels(
    const niche_convolution *s, nk_region *region, ptrdiff_t line, ptrdiff_t lines, const float *x,
    const nk_convolution_scratch *parts) {
  region->first_line = line * s->stride_height - s->padding_height;
  region->lines = (lines - 1) * s->stride_height + nk_reach(s->kernel_height, s->dilation_height);
  nk_pixels pixels = nk_pixels_of(region, x, parts->copy);
  nk_tap_offsets(s, pixels.channel_step, pixels.line_step, parts->offsets);
  return pixels;
}

static void nk_convolve_blocks(
    const niche_convolution *s, ptrdiff_t groups, ptrdiff_t blocks, const float *images, const float *weight,
    const float *bias, const niche_finish *finish, float *result, void *scratch) {
  nk_finish finishing = nk_finish_of(finish, result);
  nk_convolution_scratch parts = nk_divide_scratch(s, scratch);
  if (nk_is_depthwise(s)) {
    nk_convolve_depthwise(s, groups, blocks, images, weight, bias, &finishing, result, parts.copy);
    return;
  }
  ptrdiff_t depth = s->channels * s->kernel_height * s->kernel_width;
  ptrdiff_t image = s->channels * s->height * s->width * NK_LANES;
  ptrdiff_t result_line = s->result_width * NK_LANES, result_plane = s->result_height * result_line;
  ptrdiff_t band;
  nk_region region = nk_reached_region(s, &band);
  nk_product product = {.rows = s->result_channels, .depth = depth, .offsets = parts.offsets, .finish = &finishing};
  product.weights = parts.weights;
  product.panels = parts.panels;
  product.width = s->result_width;
  product.pixel_step = s->stride_width * NK_LANES;
  product.result_row_step = result_plane;
  product.result_line_step = result_line;
  product.result_pixel_step = NK_LANES;
  for (ptrdiff_t k = 0; k < depth; k++) parts.sources[k] = k;
  for (ptrdiff_t group = 0; group < groups; group++) {
    nk_pack_weights(s->result_channels, depth, weight, depth, parts.sources, parts.weights);
    product.bias = bias;
    for (ptrdiff_t block = 0; block < blocks; block++) {
      const float *x = images + (block * groups + group) * image;
      float *to = result + (block * groups + group) * s->result_channels * result_plane;
      for (ptrdiff_t line = 0; line < s->result_height; line += band) {
        product.height = s->result_height - line < band ? s->result_height - line : band;
        nk_pixels pixels = nk_reached_pixels(s, &region, line, product.height, x, &parts);
        product.line_step = s->stride_height * pixels.line_step;
        product.is_gathered = pixels.start != parts.copy;
        nk_run_product(&product, pixels.start, to + line * result_line);
      }
    }
    weight += s->result_channels * depth;
    if (bias) bias += s->result_channels;
  }
}

// One axis of the image places that are `phase` beyond a multiple of the stride, borders counted: place
// first + j · stride receives from result place first_result + j − shift, for the taps whose shift is not negative.
typedef struct {
  ptrdiff_t count, first, first_result, most_shift;
  int has_taps;
} nk_phase;

// By how many result places a tap of the phase lies behind, or −1 where it belongs to another phase.
static inline ptrdiff_t nk_phase_shift(ptrdiff_t tap, ptrdiff_t dilation, ptrdiff_t stride, ptrdiff_t phase) {
  ptrdiff_t offset = tap * dilation - phase;
  return offset >= 0 && offset % stride == 0 ? offset / stride : -1;
}

static nk_phase nk_phase_of(
    ptrdiff_t phase, ptrdiff_t extent, ptrdiff_t padding, ptrdiff_t stride, ptrdiff_t kernel, ptrdiff_t dilation) {
  nk_phase result = {0};
  // Place y lies at y + padding, which is phase + stride · (result place).
  result.first_result = padding > phase ? (padding - phase + stride - 1) / stride : 0;
  result.first = phase - padding + stride * result.first_result;
  result.count = result.first < extent ? (extent - result.first - 1) / stride + 1 : 0;
  for (ptrdiff_t tap = 0; tap < kernel; tap++) {
    ptrdiff_t shift = nk_phase_shift(tap, dilation, stride, phase);
    if (shift > result.most_shift) result.most_shift = shift;
    if (shift >= 0) result.has_taps = 1;
  }
  return result;
}

// What all phases of an axis read: `before` is the first one's first result place, and a phase's j-th place reads up to
// `more` result places behind the j-th one.
typedef struct {
  ptrdiff_t count, before, more;
} nk_phases;

static nk_phases nk_phases_of(
    ptrdiff_t extent, ptrdiff_t padding, ptrdiff_t stride, ptrdiff_t kernel, ptrdiff_t dilation) {
  nk_phases phases = {0};
  ptrdiff_t last = 0;
  for (ptrdiff_t i = 0, are_any = 0; i < stride; i++) {
    nk_phase phase = nk_phase_of(i, extent, padding, stride, kernel, dilation);
    if (phase.count > phases.count) phases.count = phase.count;
    if (phase.count == 0 || !phase.has_taps) continue;
    ptrdiff_t first = phase.first_result - phase.most_shift;
    if (!are_any || first < phases.before) phases.before = first;
    if (!are_any || phase.first_result > last) last = phase.first_result;
    are_any = 1;
  }
  phases.more = last - phases.before;
  return phases;
}

// The taps of a phase as offsets from the pixel of the first one's place, and where their weights lie; how many there
// are.
static ptrdiff_t nk_phase_taps(
    const niche_convolution *s, ptrdiff_t row_phase, ptrdiff_t column_phase, nk_pixels pixels,
    nk_convolution_scratch parts) {
  ptrdiff_t depth = 0, taps = s->kernel_height * s->kernel_width;
  for (ptrdiff_t o = 0; o < s->result_channels; o++) {
    for (ptrdiff_t ky = 0; ky < s->kernel_height; ky++) {
      ptrdiff_t row = nk_phase_shift(ky, s->dilation_height, s->stride_height, row_phase);
      for (ptrdiff_t kx = 0; row >= 0 && kx < s->kernel_width; kx++) {
        ptrdiff_t column = nk_phase_shift(kx, s->dilation_width, s->stride_width, column_phase);
        if (column < 0) continue;
        parts.offsets[depth] = o * pixels.channel_step - row * pixels.line_step - column * NK_LANES;
        parts.sources[depth++] = o * s->channels * taps + ky * s->kernel_width + kx;
      }
    }
  }
  return depth;
}

static void nk_convolve_blocks_input_gradient(
    const niche_convolution *s, ptrdiff_t groups, ptrdiff_t blocks, const float *weight, const float *gradient,
    const niche_finish *finish, float *image_gradient, void *scratch) {
  nk_finish finishing = nk_finish_of(finish, image_gradient);
  nk_convolution_scratch parts = nk_divide_scratch(s, scratch);
  if (nk_is_turned_depthwise(s)) {
    nk_convolve_depthwise_input_gradient(s, groups, blocks, weight, gradient, &finishing, image_gradient, parts.copy);
    return;
  }
  if (nk_is_strided_depthwise(s)) {
    nk_strided_depthwise_gradient(s, groups, blocks, weight, gradient, &finishing, image_gradient, parts.copy);
    return;
  }
  ptrdiff_t taps = s->kernel_height * s->kernel_width;
  ptrdiff_t line_size = s->width * NK_LANES, plane = s->height * line_size;
  ptrdiff_t result = s->result_channels * s->result_height * s->result_width * NK_LANES;
  nk_product product = {
      .rows = s->channels, .offsets = parts.offsets, .finish = &finishing, .panels = parts.panels};
  product.pixel_step = NK_LANES;
  product.result_row_step = plane;
  product.result_line_step = s->stride_height * line_size;
  product.result_pixel_step = s->stride_width * NK_LANES;
  nk_phases all_rows =
      nk_phases_of(s->height, s->padding_height, s->stride_height, s->kernel_height, s->dilation_height);
  nk_phases all_columns =
      nk_phases_of(s->width, s->padding_width, s->stride_width, s->kernel_width, s->dilation_width);
  nk_region region = {.channels = s->result_channels, .height = s->result_height, .width = s->result_width};
  region.first_column = all_columns.before;
  region.columns = all_columns.count + all_columns.more;
  ptrdiff_t band = nk_band_lines(s->result_channels, region.columns, 1, all_rows.more, all_rows.count);
  ptrdiff_t phases = s->stride_height * s->stride_width;
  for (ptrdiff_t group = 0; group < groups; group++, weight += s->result_channels * s->channels * taps) {
    // Band by band, so that what the phases read stays in the cache; the weights are packed with the first one.
    for (ptrdiff_t block = 0; block < blocks; block++) {
      const float *x = gradient + (block * groups + group) * result;
      float *images = image_gradient + (block * groups + group) * s->channels * plane;
      for (ptrdiff_t line = 0; line < all_rows.count; line += band) {
        ptrdiff_t lines = all_rows.count - line < band ? all_rows.count - line : band;
        region.first_line = line + all_rows.before;
        region.lines = lines + all_rows.more;
        nk_pixels pixels = nk_pixels_of(&region, x, parts.copy);
        product.line_step = pixels.line_step;
        product.is_gathered = pixels.start != parts.copy;
        float *packed = parts.weights;
        for (ptrdiff_t phase = 0; phase < phases; phase++, packed += s->channels * product.depth) {
          product.weights = packed;
          product.depth = 0;
          ptrdiff_t row_phase = phase / s->stride_width, column_phase = phase % s->stride_width;
          nk_phase rows = nk_phase_of(
              row_phase, s->height, s->padding_height, s->stride_height, s->kernel_height, s->dilation_height);
          nk_phase columns = nk_phase_of(
              column_phase, s->width, s->padding_width, s->stride_width, s->kernel_width, s->dilation_width);
          if (rows.count == 0 || columns.count == 0) continue;
          product.depth = nk_phase_taps(s, row_phase, column_phase, pixels, parts);
          if (block == 0 && line == 0) {
            nk_pack_weights(s->channels, product.depth, weight, taps, parts.sources, packed);
          }
          product.height = rows.count - line < lines ? rows.count - line : lines;
          product.width = columns.count;
          const float *from = pixels.start + (rows.first_result - all_rows.before) * pixels.line_step +
                              (columns.first_result - all_columns.before) * NK_LANES;
          float *to = images + (rows.first + line * s->stride_height) * line_size + columns.first * NK_LANES;
          nk_run_product(&product, from, to);
        }
      }
    }
  }
}
