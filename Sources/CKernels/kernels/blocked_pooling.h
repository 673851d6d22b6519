// Average pooling over blocks of images: the same windows as in pooling.h, sixteen images at a time.

// The sum of a window, divided.
static inline void nk_mean_of_blocks(
    const float *plane, ptrdiff_t width, nk_span rows, nk_span columns, float divisor, float *result) {
  for (ptrdiff_t lane = 0; lane < NK_LANES; lane += NK_WIDTH) {
    nk_vector sum = 0.0f;
    for (ptrdiff_t row = rows.start; row < rows.end; row++) {
      nk_vector line = 0.0f;
      for (ptrdiff_t column = columns.start; column < columns.end; column++) {
        line += nk_load(plane + (row * width + column) * NK_LANES + lane);
      }
      sum += line;
    }
    nk_vector none = 0.0f;
    nk_store(divisor == 0 ? none : sum / divisor, result + lane);
  }
}

// Adds a gradient, divided, to a window.
static inline void nk_spread_over_blocks(
    float *plane, ptrdiff_t width, nk_span rows, nk_span columns, float divisor, const float *gradient) {
  if (divisor == 0) return;
  for (ptrdiff_t lane = 0; lane < NK_LANES; lane += NK_WIDTH) {
    nk_vector value = nk_load(gradient + lane) / divisor;
    for (ptrdiff_t row = rows.start; row < rows.end; row++) {
      for (ptrdiff_t column = columns.start; column < columns.end; column++) {
        float *place = plane + (row * width + column) * NK_LANES + lane;
        nk_store(nk_load(place) + value, place);
      }
    }
  }
}

// How many columns of sums over a window's rows are kept at a time, and the widest window that they are kept for.
#define NK_SUM_COLUMNS 96
#define NK_WIDEST_SUMMED 32

// What a window counts along one axis, by `nk_average_divisor` the product of both; 0 where nothing of it lies inside.
static inline float nk_counted(
    const niche_window *w, ptrdiff_t place, ptrdiff_t stride, ptrdiff_t padding, ptrdiff_t kernel, ptrdiff_t extent) {
  nk_span span = nk_window_span(place, stride, padding, kernel, 1, extent);
  if (span.end <= span.start) return 0;
  if (!w->counts_padding) return (float)(span.end - span.start);
  ptrdiff_t start = place * stride - padding, end = start + kernel;
  return (float)((end < extent + padding ? end : extent + padding) - start);
}

// Results first ..< end of a line of windows that overlap: sums over the rows, then over the columns of those.
static inline __attribute__((always_inline)) void nk_mean_line(
    const niche_window *w, const int kernel, const int stride, const float *plane, nk_span rows, ptrdiff_t first,
    ptrdiff_t end, const float *factors, float *result) {
  ptrdiff_t start = first * stride - w->padding_width, count = (end - 1 - first) * stride + kernel;
  ptrdiff_t before = start < 0 ? -start : 0, last = w->width - start < count ? w->width - start : count;
  if (before > count) before = count;
  if (last < before) last = before;
  ptrdiff_t line_size = w->width * NK_LANES;
  for (ptrdiff_t lane = 0; lane < NK_LANES; lane += NK_WIDTH) {
    nk_vector sums[NK_SUM_COLUMNS];
    for (ptrdiff_t i = 0; i < before; i++) sums[i] = 0.0f;
    const float *from = plane + rows.start * line_size + start * NK_LANES + lane;
    for (ptrdiff_t i = before; i < last; i++) {
      nk_vector sum = 0.0f;
      const float *at = from + i * NK_LANES;
      if (kernel == 3 && rows.end - rows.start == 3) {
        sum = nk_load(at) + nk_load(at + line_size) + nk_load(at + 2 * line_size);
      } else {
        for (ptrdiff_t row = rows.start; row < rows.end; row++, at += line_size) sum += nk_load(at);
      }
      sums[i] = sum;
    }
    for (ptrdiff_t i = last; i < count; i++) sums[i] = 0.0f;
    for (ptrdiff_t i = 0; i < end - first; i++) {
      const nk_vector *columns = sums + i * stride;
      nk_vector sum = columns[0];
      for (int j = 1; j < kernel; j++) sum += columns[j];
      nk_store(sum * factors[i], result + (first + i) * NK_LANES + lane);
    }
  }
}

// Results first ..< end of each line of windows that overlap.
static void nk_mean_columns(
    const niche_window *w, ptrdiff_t first, ptrdiff_t end, const float *x, float *result) {
  float counted[NK_SUM_COLUMNS], factors[NK_SUM_COLUMNS];
  ptrdiff_t count = end - first;
  for (ptrdiff_t i = 0; i < count; i++) {
    counted[i] = nk_counted(w, first + i, w->stride_width, w->padding_width, w->kernel_width, w->width);
  }
  for (ptrdiff_t plane = 0; plane < w->planes; plane++, x += w->height * w->width * NK_LANES) {
    for (ptrdiff_t oy = 0; oy < w->result_height; oy++, result += w->result_width * NK_LANES) {
      nk_span rows = nk_window_span(oy, w->stride_height, w->padding_height, w->kernel_height, 1, w->height);
      float lines = nk_counted(w, oy, w->stride_height, w->padding_height, w->kernel_height, w->height);
      for (ptrdiff_t i = 0; i < count; i++) {
        float divisor = lines * counted[i];
        factors[i] = divisor == 0 ? 0 : 1 / (w->divisor ? (float)w->divisor : divisor);
      }
      if (w->kernel_width == 3 && w->stride_width == 1) {
        nk_mean_line(w, 3, 1, x, rows, first, end, factors, result);
      } else {
        nk_mean_line(w, (int)w->kernel_width, (int)w->stride_width, x, rows, first, end, factors, result);
      }
    }
  }
}

static void nk_average_pooling_blocks(const niche_window *w, const float *x, float *result) {
  // Sums over rows pay where windows share them.
  if (w->kernel_width > w->stride_width && w->kernel_width <= NK_WIDEST_SUMMED) {
    ptrdiff_t most = (NK_SUM_COLUMNS - w->kernel_width) / w->stride_width + 1;
    for (ptrdiff_t first = 0; first < w->result_width; first += most) {
      nk_mean_columns(w, first, w->result_width - first < most ? w->result_width : first + most, x, result);
    }
    return;
  }
  for (ptrdiff_t plane = 0; plane < w->planes; plane++, x += w->height * w->width * NK_LANES) {
    for (ptrdiff_t oy = 0; oy < w->result_height; oy++, result += w->result_width * NK_LANES) {
      nk_span rows = nk_window_span(oy, w->stride_height, w->padding_height, w->kernel_height, 1, w->height);
      for (ptrdiff_t ox = 0; ox < w->result_width; ox++) {
        nk_span columns = nk_window_span(ox, w->stride_width, w->padding_width, w->kernel_width, 1, w->width);
        float divisor = nk_average_divisor(w, oy, ox, rows, columns);
        nk_mean_of_blocks(x, w->width, rows, columns, divisor, result + ox * NK_LANES);
      }
    }
  }
}

// A line of image places first ..< end of windows without stride: sums over the gradients of some rows, each times a
// factor, then over the columns of those, each times another.
static inline __attribute__((always_inline)) void nk_spread_line(
    const niche_window *w, const int kernel, const float *plane, nk_span rows, const float *row_factors,
    ptrdiff_t first, ptrdiff_t end, const float *column_factors, float *result) {
  ptrdiff_t start = first + w->padding_width - (kernel - 1), count = end - first + kernel - 1;
  ptrdiff_t before = start < 0 ? -start : 0, last = w->result_width - start < count ? w->result_width - start : count;
  if (before > count) before = count;
  if (last < before) last = before;
  ptrdiff_t line_size = w->result_width * NK_LANES;
  for (ptrdiff_t lane = 0; lane < NK_LANES; lane += NK_WIDTH) {
    nk_vector sums[NK_SUM_COLUMNS];
    for (ptrdiff_t i = 0; i < before; i++) sums[i] = 0.0f;
    const float *from = plane + rows.start * line_size + start * NK_LANES + lane;
    for (ptrdiff_t i = before; i < last; i++) {
      nk_vector sum = 0.0f;
      if (kernel == 3 && rows.end - rows.start == 3) {
        const float *at = from + i * NK_LANES;
        sum = nk_load(at) * row_factors[0] + nk_load(at + line_size) * row_factors[1] +
              nk_load(at + 2 * line_size) * row_factors[2];
      } else {
        for (ptrdiff_t row = 0; row < rows.end - rows.start; row++) {
          sum += nk_load(from + i * NK_LANES + row * line_size) * row_factors[row];
        }
      }
      sums[i] = sum * column_factors[i];
    }
    for (ptrdiff_t i = last; i < count; i++) sums[i] = 0.0f;
    for (ptrdiff_t i = 0; i < end - first; i++) {
      nk_vector sum = sums[i];
      for (int j = 1; j < kernel; j++) sum += sums[i + j];
      nk_store(sum, result + (first + i) * NK_LANES + lane);
    }
  }
}

// Image places first ..< end of each line of windows without stride.
static void nk_spread_columns(
    const niche_window *w, ptrdiff_t first, ptrdiff_t end, const float *gradient, float *result) {
  float row_factors[NK_WIDEST_SUMMED], column_factors[NK_SUM_COLUMNS];
  // A place is met by the windows from that which ends with it to that which begins with it.
  ptrdiff_t before_row = w->padding_height - (w->kernel_height - 1);
  ptrdiff_t before_column = w->padding_width - (w->kernel_width - 1);
  for (ptrdiff_t i = 0; i < end - first + w->kernel_width - 1; i++) {
    float counted = nk_counted(w, first + before_column + i, 1, w->padding_width, w->kernel_width, w->width);
    column_factors[i] = counted == 0 ? 0 : w->divisor ? 1 : 1 / counted;
  }
  for (ptrdiff_t plane = 0; plane < w->planes; plane++, gradient += w->result_height * w->result_width * NK_LANES) {
    for (ptrdiff_t y = 0; y < w->height; y++, result += w->width * NK_LANES) {
      nk_span rows = {y + before_row, y + w->padding_height + 1};
      if (rows.start < 0) rows.start = 0;
      if (rows.end > w->result_height) rows.end = w->result_height;
      for (ptrdiff_t oy = rows.start; oy < rows.end; oy++) {
        float counted = nk_counted(w, oy, 1, w->padding_height, w->kernel_height, w->height);
        row_factors[oy - rows.start] = counted == 0 ? 0 : 1 / (w->divisor ? (float)w->divisor : counted);
      }
      if (w->kernel_width == 3) {
        nk_spread_line(w, 3, gradient, rows, row_factors, first, end, column_factors, result);
      } else {
        nk_spread_line(w, (int)w->kernel_width, gradient, rows, row_factors, first, end, column_factors, result);
      }
    }
  }
}

static void nk_average_pooling_gradient_blocks(const niche_window *w, const float *gradient, float *result) {
  if (w->stride_height == 1 && w->stride_width == 1 && w->kernel_width > 1 && w->kernel_width <= NK_WIDEST_SUMMED &&
      w->kernel_height <= NK_WIDEST_SUMMED) {
    ptrdiff_t most = NK_SUM_COLUMNS - (w->kernel_width - 1);
    for (ptrdiff_t first = 0; first < w->width; first += most) {
      nk_spread_columns(w, first, w->width - first < most ? w->width : first + most, gradient, result);
    }
    return;
  }
  memset(result, 0, (size_t)(w->planes * w->height * w->width * NK_LANES) * sizeof *result);
  for (ptrdiff_t plane = 0; plane < w->planes; plane++, result += w->height * w->width * NK_LANES) {
    for (ptrdiff_t oy = 0; oy < w->result_height; oy++) {
      nk_span rows = nk_window_span(oy, w->stride_height, w->padding_height, w->kernel_height, 1, w->height);
      for (ptrdiff_t ox = 0; ox < w->result_width; ox++, gradient += NK_LANES) {
        nk_span columns = nk_window_span(ox, w->stride_width, w->padding_width, w->kernel_width, 1, w->width);
        float divisor = nk_average_divisor(w, oy, ox, rows, columns);
        nk_spread_over_blocks(result, w->width, rows, columns, divisor, gradient);
      }
    }
  }
}

static void nk_adaptive_average_pooling_blocks(const niche_window *w, const float *x, float *result) {
  for (ptrdiff_t plane = 0; plane < w->planes; plane++, x += w->height * w->width * NK_LANES) {
    for (ptrdiff_t oy = 0; oy < w->result_height; oy++) {
      nk_span rows = nk_adaptive_span(oy, w->result_height, w->height);
      for (ptrdiff_t ox = 0; ox < w->result_width; ox++, result += NK_LANES) {
        nk_span columns = nk_adaptive_span(ox, w->result_width, w->width);
        nk_mean_of_blocks(x, w->width, rows, columns, (float)nk_span_count(rows, columns), result);
      }
    }
  }
}

static void nk_adaptive_average_pooling_gradient_blocks(
    const niche_window *w, const float *gradient, float *result) {
  memset(result, 0, (size_t)(w->planes * w->height * w->width * NK_LANES) * sizeof *result);
  for (ptrdiff_t plane = 0; plane < w->planes; plane++, result += w->height * w->width * NK_LANES) {
    for (ptrdiff_t oy = 0; oy < w->result_height; oy++) {
      nk_span rows = nk_adaptive_span(oy, w->result_height, w->height);
      for (ptrdiff_t ox = 0; ox < w->result_width; ox++, gradient += NK_LANES) {
        nk_span columns = nk_adaptive_span(ox, w->result_width, w->width);
        nk_spread_over_blocks(
            result, w->width, rows, columns, (float)nk_span_count(rows, columns), gradient);
      }
    }
  }
}
