// Maximum pooling over blocks of images: the same windows as in pooling.h, sixteen images at a time.

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

// The places along an axis whose windows lie inside.
static inline nk_span nk_inner_places(
    ptrdiff_t places, ptrdiff_t stride, ptrdiff_t padding, ptrdiff_t kernel, ptrdiff_t extent) {
  nk_span span = {(padding + stride - 1) / stride, 0};
  if (extent + padding >= kernel) span.end = (extent + padding - kernel) / stride + 1;
  if (span.end > places) span.end = places;
  if (span.start > span.end) span.start = span.end;
  return span;
}

// Square windows without gaps of two or three places a side have loops of their own where they lie inside.
typedef struct {
  ptrdiff_t kernel;  // 0 for others
  nk_span rows, columns;
} nk_inner_windows;

static nk_inner_windows nk_inner_windows_of(const niche_window *w) {
  nk_inner_windows inner = {0, {0, 0}, {0, 0}};
  ptrdiff_t kernel = w->kernel_height;
  int is_square = kernel == w->kernel_width && w->dilation_height == 1 && w->dilation_width == 1;
  if (!is_square || kernel < 2 || kernel > 3) return inner;
  inner.kernel = kernel;
  inner.rows = nk_inner_places(w->result_height, w->stride_height, w->padding_height, kernel, w->height);
  inner.columns = nk_inner_places(w->result_width, w->stride_width, w->padding_width, kernel, w->width);
  return inner;
}

// How many windows beside each other from this one on lie inside, if it is a line's first that does.
static inline ptrdiff_t nk_inner_count(const nk_inner_windows *inner, ptrdiff_t oy, ptrdiff_t ox) {
  int is_first = ox == inner->columns.start && oy >= inner->rows.start && oy < inner->rows.end;
  return is_first ? inner->columns.end - ox : 0;
}

// `count` windows that lie inside, the first one's corner at `place`.
static inline __attribute__((always_inline)) void nk_maximum_line(
    const int kernel, ptrdiff_t count, ptrdiff_t stride, ptrdiff_t width, ptrdiff_t place, const float *plane,
    float *result, int32_t *indices) {
  for (; count > 0; count--, place += stride, result += NK_LANES, indices += NK_LANES) {
#pragma clang loop unroll(full)
    for (ptrdiff_t lane = 0; lane < NK_LANES; lane += NK_WIDTH) {
      const float *from = plane + place * NK_LANES + lane;
      nk_vector best = nk_load(from);
      nk_integers places = (int32_t)place;
#pragma clang loop unroll(full)
      for (int i = 1; i < kernel * kernel; i++) {
        ptrdiff_t offset = i / kernel * width + i % kernel;
        nk_vector value = nk_load(from + offset * NK_LANES);
        nk_integers other = (int32_t)(place + offset), better = (value > best) | (value != value);
        best = nk_choose(better, value, best);
        places = (other & better) | (places & ~better);
      }
      nk_store(best, result + lane);
      *(nk_integers *)(indices + lane) = places;
    }
  }
}

static void nk_maximum_pooling_blocks(const niche_window *w, const float *x, float *result, int32_t *indices) {
  nk_inner_windows inner = nk_inner_windows_of(w);
  for (ptrdiff_t plane = 0; plane < w->planes; plane++, x += w->height * w->width * NK_LANES) {
    for (ptrdiff_t oy = 0; oy < w->result_height; oy++) {
      nk_span rows =
          nk_window_span(oy, w->stride_height, w->padding_height, w->kernel_height, w->dilation_height, w->height);
      for (ptrdiff_t ox = 0, count; ox < w->result_width;
           ox += count, result += count * NK_LANES, indices += count * NK_LANES) {
        nk_span columns =
            nk_window_span(ox, w->stride_width, w->padding_width, w->kernel_width, w->dilation_width, w->width);
        ptrdiff_t place = rows.start * w->width + columns.start;
        count = nk_inner_count(&inner, oy, ox);
        if (count == 0) {
          nk_maximum_of_blocks(x, w->width, rows, columns, w->dilation_height, w->dilation_width, result, indices);
          count = 1;
        } else if (inner.kernel == 2) {
          nk_maximum_line(2, count, w->stride_width, w->width, place, x, result, indices);
        } else {
          nk_maximum_line(3, count, w->stride_width, w->width, place, x, result, indices);
        }
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

// Adds to each place of a window what is meant for it.
static inline void nk_spread_maximum(
    const niche_window *w, nk_span rows, nk_span columns, const float *gradient, const int32_t *indices,
    float *result) {
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

// The same of `count` windows that lie inside, the first one's corner at `place`; or stores it, where no windows
// share a place.
static inline __attribute__((always_inline)) void nk_spread_maximum_line(
    const int kernel, const int is_stored, ptrdiff_t count, ptrdiff_t stride, ptrdiff_t width, ptrdiff_t place,
    const float *gradient, const int32_t *indices, float *plane) {
  for (; count > 0; count--, place += stride, gradient += NK_LANES, indices += NK_LANES) {
#pragma clang loop unroll(full)
    for (ptrdiff_t lane = 0; lane < NK_LANES; lane += NK_WIDTH) {
      nk_integers index = *(const nk_integers *)(indices + lane), value = (nk_integers)nk_load(gradient + lane);
#pragma clang loop unroll(full)
      for (int i = 0; i < kernel * kernel; i++) {
        ptrdiff_t at = place + i / kernel * width + i % kernel;
        float *to = plane + at * NK_LANES + lane;
        nk_vector meant = (nk_vector)(value & (index == (int32_t)at)), sum = 0.0f;
        if (!is_stored) sum = nk_load(to);
        nk_store(sum + meant, to);
      }
    }
  }
}

// The same as `nk_maximum_pooling_gradient_blocks`, each place of a window taking what is meant for it.
static void nk_maximum_pooling_gradient_windows(
    const niche_window *w, const float *gradient, const int32_t *indices, float *result) {
  ptrdiff_t line_size = w->width * NK_LANES, size = w->height * line_size;
  nk_inner_windows inner = nk_inner_windows_of(w);
  // Whether windows lie one beside the other from the corner on and leave at most some last lines and columns.
  ptrdiff_t side = inner.kernel;
  int is_grid = side == 2 && w->stride_height == 2 && w->stride_width == 2 && w->padding_height == 0 &&
                w->padding_width == 0 && inner.rows.end == w->result_height && inner.columns.end == w->result_width;
  ptrdiff_t covered = is_grid ? w->result_height * side * line_size : 0;
  ptrdiff_t covered_columns = w->result_width * side;
  for (ptrdiff_t plane = 0; plane < w->planes; plane++, result += size) {
    memset(result + covered, 0, (size_t)(size - covered) * sizeof *result);
    for (ptrdiff_t oy = 0; oy < w->result_height; oy++) {
      nk_span rows =
          nk_window_span(oy, w->stride_height, w->padding_height, w->kernel_height, w->dilation_height, w->height);
      for (ptrdiff_t row = rows.start; is_grid && row < rows.end; row++) {
        float *rest = result + row * line_size + covered_columns * NK_LANES;
        memset(rest, 0, (size_t)(line_size - covered_columns * NK_LANES) * sizeof *result);
      }
      for (ptrdiff_t ox = 0, count; ox < w->result_width;
           ox += count, indices += count * NK_LANES, gradient += count * NK_LANES) {
        nk_span columns =
            nk_window_span(ox, w->stride_width, w->padding_width, w->kernel_width, w->dilation_width, w->width);
        ptrdiff_t place = rows.start * w->width + columns.start;
        count = nk_inner_count(&inner, oy, ox);
        if (count == 0) {
          nk_spread_maximum(w, rows, columns, gradient, indices, result);
          count = 1;
        } else if (is_grid) {
          nk_spread_maximum_line(2, 1, count, side, w->width, place, gradient, indices, result);
        } else if (side == 2) {
          nk_spread_maximum_line(2, 0, count, w->stride_width, w->width, place, gradient, indices, result);
        } else {
          nk_spread_maximum_line(3, 0, count, w->stride_width, w->width, place, gradient, indices, result);
        }
      }
    }
  }
}
