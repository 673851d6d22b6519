// Pooling over blocks of images: the same windows as in pooling.h, sixteen images at a time.

static inline void nk_maximum_of_blocks(
    const float *plane, ptrdiff_t width, nk_span rows, nk_span columns, ptrdiff_t row_step, ptrdiff_t column_step,
    float *result, int32_t *indices) {
  for (ptrdiff_t lane = 0; lane < NK_LANES; lane += NK_WIDTH) {
    nk_vector best = -INFINITY;
    nk_integers places = (int32_t)(rows.start * width + columns.start);
    for (ptrdiff_t row = rows.start; row < rows.end; row += row_step) {
      for (ptrdiff_t column = columns.start; column < columns.end; column += column_step) {
        nk_vector value = nk_load(plane + (row * width + column) * NK_LANES + lane);
        nk_integers place = (int32_t)(row * width + column), better = (value > best) | (value != value);
        best = nk_choose(better, value, best);
        places = (place & better) | (places & ~better);
      }
    }
    nk_store(best, result + lane);
    *(nk_integers *)(indices + lane) = places;
  }
}

static void nk_maximum_pooling_blocks(const niche_window *w, const float *x, float *result, int32_t *indices) {
  for (ptrdiff_t plane = 0; plane < w->planes; plane++, x += w->height * w->width * NK_LANES) {
    for (ptrdiff_t oy = 0; oy < w->result_height; oy++) {
      nk_span rows =
          nk_window_span(oy, w->stride_height, w->padding_height, w->kernel_height, w->dilation_height, w->height);
      for (ptrdiff_t ox = 0; ox < w->result_width; ox++, result += NK_LANES, indices += NK_LANES) {
        nk_span columns =
            nk_window_span(ox, w->stride_width, w->padding_width, w->kernel_width, w->dilation_width, w->width);
        nk_maximum_of_blocks(x, w->width, rows, columns, w->dilation_height, w->dilation_width, result, indices);
      }
    }
  }
}

static void nk_adaptive_maximum_pooling_blocks(
    const niche_window *w, const float *x, float *result, int32_t *indices) {
  for (ptrdiff_t plane = 0; plane < w->planes; plane++, x += w->height * w->width * NK_LANES) {
    for (ptrdiff_t oy = 0; oy < w->result_height; oy++) {
      nk_span rows = nk_adaptive_span(oy, w->result_height, w->height);
      for (ptrdiff_t ox = 0; ox < w->result_width; ox++, result += NK_LANES, indices += NK_LANES) {
        nk_span columns = nk_adaptive_span(ox, w->result_width, w->width);
        nk_maximum_of_blocks(x, w->width, rows, columns, 1, 1, result, indices);
      }
    }
  }
}

static void nk_maximum_pooling_gradient_blocks(
    ptrdiff_t planes, ptrdiff_t plane_size, ptrdiff_t result_plane_size, const float *gradient,
    const int32_t *indices, float *result) {
  memset(result, 0, (size_t)(planes * plane_size * NK_LANES) * sizeof *result);
  for (ptrdiff_t plane = 0; plane < planes; plane++, result += plane_size * NK_LANES) {
    for (ptrdiff_t i = 0; i < result_plane_size; i++, indices += NK_LANES, gradient += NK_LANES) {
      for (int lane = 0; lane < NK_LANES; lane++) {
        int32_t index = indices[lane];
        if (index >= 0 && index < plane_size) result[(ptrdiff_t)index * NK_LANES + lane] += gradient[lane];
      }
    }
  }
}

// The same, each place of a window taking what is meant for it.
static void nk_maximum_pooling_gradient_windows(
    const niche_window *w, const float *gradient, const int32_t *indices, float *result) {
  ptrdiff_t size = w->height * w->width * NK_LANES;
  for (ptrdiff_t plane = 0; plane < w->planes; plane++, result += size) {
    memset(result, 0, (size_t)size * sizeof *result);
    for (ptrdiff_t oy = 0; oy < w->result_height; oy++) {
      nk_span rows =
          nk_window_span(oy, w->stride_height, w->padding_height, w->kernel_height, w->dilation_height, w->height);
      for (ptrdiff_t ox = 0; ox < w->result_width; ox++, indices += NK_LANES, gradient += NK_LANES) {
        nk_span columns =
            nk_window_span(ox, w->stride_width, w->padding_width, w->kernel_width, w->dilation_width, w->width);
        for (ptrdiff_t row = rows.start; row < rows.end; row += w->dilation_height) {
          for (ptrdiff_t column = columns.start; column < columns.end; column += w->dilation_width) {
            ptrdiff_t place = row * w->width + column;
            for (ptrdiff_t lane = 0; lane < NK_LANES; lane += NK_WIDTH) {
              nk_integers meant = *(const nk_integers *)(indices + lane) == (int32_t)place;
              float *to = result + place * NK_LANES + lane;
              nk_vector value = (nk_vector)((nk_integers)nk_load(gradient + lane) & meant);
              nk_store(nk_load(to) + value, to);
            }
          }
        }
      }
    }
  }
}

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

// Results first ..< end of a line of windows that overlap: sums over the rows, then over the columns of those.
static inline __attribute__((always_inline)) void nk_mean_line(
    const niche_window *w, const int kernel, const float *plane, ptrdiff_t oy, nk_span rows, ptrdiff_t first,
    ptrdiff_t end, float *result) {
  ptrdiff_t start = first * w->stride_width - w->padding_width;
  ptrdiff_t count = (end - 1 - first) * w->stride_width + kernel;
  ptrdiff_t line_size = w->width * NK_LANES;
  for (ptrdiff_t lane = 0; lane < NK_LANES; lane += NK_WIDTH) {
    nk_vector sums[NK_SUM_COLUMNS];
    for (ptrdiff_t i = 0; i < count; i++) {
      nk_vector sum = 0.0f;
      ptrdiff_t column = start + i;
      if (column >= 0 && column < w->width) {
        const float *from = plane + column * NK_LANES + lane;
        for (ptrdiff_t row = rows.start; row < rows.end; row++) sum += nk_load(from + row * line_size);
      }
      sums[i] = sum;
    }
    const nk_vector *from = sums;
    for (ptrdiff_t ox = first; ox < end; ox++, from += w->stride_width) {
      nk_vector sum = from[0];
      for (int i = 1; i < kernel; i++) sum += from[i];
      nk_span columns = nk_window_span(ox, w->stride_width, w->padding_width, kernel, 1, w->width);
      float divisor = nk_average_divisor(w, oy, ox, rows, columns);
      nk_store(sum * (divisor == 0 ? 0 : 1 / divisor), result + ox * NK_LANES + lane);
    }
  }
}

static void nk_average_pooling_blocks(const niche_window *w, const float *x, float *result) {
  // Sums over rows pay where windows share them.
  int shares = w->kernel_width > w->stride_width && w->kernel_width <= NK_WIDEST_SUMMED;
  ptrdiff_t most = shares ? (NK_SUM_COLUMNS - w->kernel_width) / w->stride_width + 1 : 0;
  for (ptrdiff_t plane = 0; plane < w->planes; plane++, x += w->height * w->width * NK_LANES) {
    for (ptrdiff_t oy = 0; oy < w->result_height; oy++, result += w->result_width * NK_LANES) {
      nk_span rows = nk_window_span(oy, w->stride_height, w->padding_height, w->kernel_height, 1, w->height);
      for (ptrdiff_t first = 0; shares && first < w->result_width; first += most) {
        ptrdiff_t end = w->result_width - first < most ? w->result_width : first + most;
        if (w->kernel_width == 3) {
          nk_mean_line(w, 3, x, oy, rows, first, end, result);
        } else {
          nk_mean_line(w, (int)w->kernel_width, x, oy, rows, first, end, result);
        }
      }
      for (ptrdiff_t ox = 0; !shares && ox < w->result_width; ox++) {
        nk_span columns = nk_window_span(ox, w->stride_width, w->padding_width, w->kernel_width, 1, w->width);
        float divisor = nk_average_divisor(w, oy, ox, rows, columns);
        nk_mean_of_blocks(x, w->width, rows, columns, divisor, result + ox * NK_LANES);
      }
    }
  }
}

static void nk_average_pooling_gradient_blocks(const niche_window *w, const float *gradient, float *result) {
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
