// Windows over planes of height × width.

// The taps of one window that lie inside: `first` tap at `start`, up to `end`, `step` apart.
typedef struct {
  ptrdiff_t start, end;
} nk_span;

static inline nk_span nk_window_span(
    ptrdiff_t place, ptrdiff_t stride, ptrdiff_t padding, ptrdiff_t kernel, ptrdiff_t dilation, ptrdiff_t extent) {
  ptrdiff_t start = place * stride - padding;
  ptrdiff_t end = start + (kernel - 1) * dilation + 1;
  if (start < 0) start += (-start + dilation - 1) / dilation * dilation;
  nk_span span = {start, end < extent ? end : extent};
  return span;
}

static inline nk_span nk_adaptive_span(ptrdiff_t place, ptrdiff_t result_extent, ptrdiff_t extent) {
  nk_span span = {place * extent / result_extent, ((place + 1) * extent + result_extent - 1) / result_extent};
  return span;
}

// The first maximum of a window; the last NaN wins, as in PyTorch.
static inline void nk_maximum_of(
    const float *plane, ptrdiff_t width, nk_span rows, nk_span columns, ptrdiff_t row_step, ptrdiff_t column_step,
    float *result, int32_t *index) {
  float best = -INFINITY;
  ptrdiff_t place = rows.start * width + columns.start;
  for (ptrdiff_t row = rows.start; row < rows.end; row += row_step) {
    for (ptrdiff_t column = columns.start; column < columns.end; column += column_step) {
      float value = plane[row * width + column];
      if (value > best || value != value) {
        best = value;
        place = row * width + column;
      }
    }
  }
  *result = best;
  *index = (int32_t)place;
}

// The common window of 2 × 2 without border, one result row.
static void nk_maximum_pair_row(
    ptrdiff_t count, ptrdiff_t width, ptrdiff_t start, const float *plane, float *result, int32_t *indices) {
  const float *upper = plane + start, *lower = upper + width;
  for (ptrdiff_t i = 0; i < count; i++) {
    float a = upper[2 * i], b = upper[2 * i + 1], c = lower[2 * i], d = lower[2 * i + 1];
    int32_t place = (int32_t)(start + 2 * i);
    float best = a;
    int32_t index = place;
    int better = b > best || b != b;
    best = better ? b : best;
    index = better ? place + 1 : index;
    better = c > best || c != c;
    best = better ? c : best;
    index = better ? place + (int32_t)width : index;
    better = d > best || d != d;
    best = better ? d : best;
    index = better ? place + (int32_t)width + 1 : index;
    result[i] = best;
    indices[i] = index;
  }
}

static void nk_maximum_pooling(const niche_window *w, const float *x, float *result, int32_t *indices) {
  int is_pair = w->kernel_height == 2 && w->kernel_width == 2 && w->stride_height == 2 && w->stride_width == 2 &&
                w->padding_height == 0 && w->padding_width == 0 && w->dilation_height == 1 &&
                w->dilation_width == 1 && 2 * w->result_height <= w->height && 2 * w->result_width <= w->width;
  for (ptrdiff_t plane = 0; plane < w->planes; plane++, x += w->height * w->width) {
    for (ptrdiff_t oy = 0; oy < w->result_height; oy++) {
      if (is_pair) {
        nk_maximum_pair_row(w->result_width, w->width, 2 * oy * w->width, x, result, indices);
      } else {
        nk_span rows = nk_window_span(
            oy, w->stride_height, w->padding_height, w->kernel_height, w->dilation_height, w->height);
        for (ptrdiff_t ox = 0; ox < w->result_width; ox++) {
          nk_span columns = nk_window_span(
              ox, w->stride_width, w->padding_width, w->kernel_width, w->dilation_width, w->width);
          nk_maximum_of(
              x, w->width, rows, columns, w->dilation_height, w->dilation_width, result + ox, indices + ox);
        }
      }
      result += w->result_width;
      indices += w->result_width;
    }
  }
}

static void nk_adaptive_maximum_pooling(const niche_window *w, const float *x, float *result, int32_t *indices) {
  for (ptrdiff_t plane = 0; plane < w->planes; plane++, x += w->height * w->width) {
    for (ptrdiff_t oy = 0; oy < w->result_height; oy++) {
      nk_span rows = nk_adaptive_span(oy, w->result_height, w->height);
      for (ptrdiff_t ox = 0; ox < w->result_width; ox++) {
        nk_span columns = nk_adaptive_span(ox, w->result_width, w->width);
        nk_maximum_of(x, w->width, rows, columns, 1, 1, result++, indices++);
      }
    }
  }
}

static void nk_maximum_pooling_gradient(
    ptrdiff_t planes, ptrdiff_t plane_size, ptrdiff_t result_plane_size, const float *gradient,
    const int32_t *indices, float *result) {
  memset(result, 0, (size_t)(planes * plane_size) * sizeof *result);
  for (ptrdiff_t plane = 0; plane < planes; plane++, result += plane_size) {
    for (ptrdiff_t i = 0; i < result_plane_size; i++) {
      int32_t index = *indices++;
      float value = *gradient++;
      if (index >= 0 && index < plane_size) result[index] += value;
    }
  }
}

static inline float nk_window_sum(const float *plane, ptrdiff_t width, nk_span rows, nk_span columns) {
  float sum = 0;
  for (ptrdiff_t row = rows.start; row < rows.end; row++) {
    for (ptrdiff_t column = columns.start; column < columns.end; column++) sum += plane[row * width + column];
  }
  return sum;
}

static inline void nk_window_add(float *plane, ptrdiff_t width, nk_span rows, nk_span columns, float value) {
  for (ptrdiff_t row = rows.start; row < rows.end; row++) {
    for (ptrdiff_t column = columns.start; column < columns.end; column++) plane[row * width + column] += value;
  }
}

static inline ptrdiff_t nk_span_count(nk_span rows, nk_span columns) {
  ptrdiff_t height = rows.end - rows.start, width = columns.end - columns.start;
  return height > 0 && width > 0 ? height * width : 0;
}

// What the sum of an average window is divided by, PyTorch's rules; 0 for a window without a tap inside.
static inline float nk_average_divisor(
    const niche_window *w, ptrdiff_t oy, ptrdiff_t ox, nk_span rows, nk_span columns) {
  ptrdiff_t inside = nk_span_count(rows, columns);
  if (inside == 0) return 0;
  if (w->divisor) return (float)w->divisor;
  if (!w->counts_padding) return (float)inside;
  // Padding counts, but not what a rounded-up window has beyond it.
  ptrdiff_t top = oy * w->stride_height - w->padding_height, left = ox * w->stride_width - w->padding_width;
  ptrdiff_t bottom = top + w->kernel_height, right = left + w->kernel_width;
  if (bottom > w->height + w->padding_height) bottom = w->height + w->padding_height;
  if (right > w->width + w->padding_width) right = w->width + w->padding_width;
  return (float)((double)(bottom - top) * (double)(right - left));
}

static void nk_average_pooling(const niche_window *w, const float *x, float *result) {
  for (ptrdiff_t plane = 0; plane < w->planes; plane++, x += w->height * w->width) {
    for (ptrdiff_t oy = 0; oy < w->result_height; oy++) {
      nk_span rows = nk_window_span(oy, w->stride_height, w->padding_height, w->kernel_height, 1, w->height);
      for (ptrdiff_t ox = 0; ox < w->result_width; ox++) {
        nk_span columns = nk_window_span(ox, w->stride_width, w->padding_width, w->kernel_width, 1, w->width);
        float divisor = nk_average_divisor(w, oy, ox, rows, columns);
        *result++ = divisor == 0 ? 0 : nk_window_sum(x, w->width, rows, columns) / divisor;
      }
    }
  }
}

static void nk_average_pooling_gradient(const niche_window *w, const float *gradient, float *result) {
  memset(result, 0, (size_t)(w->planes * w->height * w->width) * sizeof *result);
  for (ptrdiff_t plane = 0; plane < w->planes; plane++, result += w->height * w->width) {
    for (ptrdiff_t oy = 0; oy < w->result_height; oy++) {
      nk_span rows = nk_window_span(oy, w->stride_height, w->padding_height, w->kernel_height, 1, w->height);
      for (ptrdiff_t ox = 0; ox < w->result_width; ox++) {
        nk_span columns = nk_window_span(ox, w->stride_width, w->padding_width, w->kernel_width, 1, w->width);
        float divisor = nk_average_divisor(w, oy, ox, rows, columns), value = *gradient++;
        if (divisor != 0) nk_window_add(result, w->width, rows, columns, value / divisor);
      }
    }
  }
}

static void nk_adaptive_average_pooling(const niche_window *w, const float *x, float *result) {
  ptrdiff_t size = w->height * w->width;
  for (ptrdiff_t plane = 0; plane < w->planes; plane++, x += size) {
    if (w->result_height == 1 && w->result_width == 1) {
      *result++ = (float)(nk_sum(size, x) / (double)size);
      continue;
    }
    for (ptrdiff_t oy = 0; oy < w->result_height; oy++) {
      nk_span rows = nk_adaptive_span(oy, w->result_height, w->height);
      for (ptrdiff_t ox = 0; ox < w->result_width; ox++) {
        nk_span columns = nk_adaptive_span(ox, w->result_width, w->width);
        *result++ = nk_window_sum(x, w->width, rows, columns) / (float)nk_span_count(rows, columns);
      }
    }
  }
}

static void nk_adaptive_average_pooling_gradient(const niche_window *w, const float *gradient, float *result) {
  memset(result, 0, (size_t)(w->planes * w->height * w->width) * sizeof *result);
  for (ptrdiff_t plane = 0; plane < w->planes; plane++, result += w->height * w->width) {
    for (ptrdiff_t oy = 0; oy < w->result_height; oy++) {
      nk_span rows = nk_adaptive_span(oy, w->result_height, w->height);
      for (ptrdiff_t ox = 0; ox < w->result_width; ox++) {
        nk_span columns = nk_adaptive_span(ox, w->result_width, w->width);
        nk_window_add(result, w->width, rows, columns, *gradient++ / (float)nk_span_count(rows, columns));
      }
    }
  }
}
