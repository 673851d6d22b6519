// Sums, products, extrema, softmax and cross-entropy.

typedef double nk_doubles __attribute__((ext_vector_type(NK_WIDTH), aligned(4)));

// Four vectors are added in single precision, pair by pair, since to convert each takes longer than to fetch it.
static double nk_sum(ptrdiff_t count, const float *x) {
  double sum = 0;
  if (count >= 8 * NK_WIDTH) {
    nk_doubles sums = 0.0;
    for (; count >= 4 * NK_WIDTH; count -= 4 * NK_WIDTH, x += 4 * NK_WIDTH) {
      nk_vector first = nk_load(x) + nk_load(x + NK_WIDTH);
      nk_vector second = nk_load(x + 2 * NK_WIDTH) + nk_load(x + 3 * NK_WIDTH);
      sums += __builtin_convertvector(first + second, nk_doubles);
    }
    for (int lane = 0; lane < NK_WIDTH; lane++) sum += sums[lane];
  }
  {
#pragma clang fp reassociate(on)
    for (ptrdiff_t i = 0; i < count; i++) sum += (double)x[i];
  }
  return sum;
}

static double nk_sum_of_squares(ptrdiff_t count, const float *x) {
  double sum = 0;
  {
#pragma clang fp reassociate(on)
    for (ptrdiff_t i = 0; i < count; i++) sum += (double)x[i] * (double)x[i];
  }
  return sum;
}

// NaN wins, as in PyTorch; written so that lanes keep extrema of their own.
static float nk_extremum(ptrdiff_t count, const float *x, float sign) {
  float best = -INFINITY;
  int is_nan = 0;
  {
#pragma clang fp reassociate(on)
    for (ptrdiff_t i = 0; i < count; i++) {
      float value = x[i] * sign;
      best = value > best ? value : best;
      is_nan |= value != value;
    }
  }
  return is_nan ? NAN : best * sign;
}

static inline float nk_larger(float a, float b) { return a > b || a != a ? a : b; }
static inline float nk_smaller(float a, float b) { return a < b || a != a ? a : b; }

static void nk_reduce(
    int32_t kind, int32_t portion, ptrdiff_t rank, const ptrdiff_t *extents, const ptrdiff_t *result_strides,
    const float *x, ptrdiff_t result_count, double scale, double *accumulators, float *result) {
  static const ptrdiff_t one[1] = {1}, none[1] = {0};
  if (rank == 0) {
    extents = one;
    result_strides = none;
    rank = 1;
  }
  ptrdiff_t inner = rank - 1, count = extents[inner], place = 0, unused = 0;
  ptrdiff_t counters[NICHE_MAXIMUM_RANK] = {0}, zeros[NICHE_MAXIMUM_RANK] = {0};
  int is_kept = result_strides[inner] != 0;
  if (!(portion & NICHE_FIRST)) {
    // They go on from what the portion before left.
  } else if (kind == NICHE_SUM || kind == NICHE_PRODUCT) {
    for (ptrdiff_t i = 0; i < result_count; i++) accumulators[i] = kind == NICHE_SUM ? 0 : 1;
  } else {
    float start = kind == NICHE_REDUCE_MAXIMUM ? -INFINITY : INFINITY;
    for (ptrdiff_t i = 0; i < result_count; i++) result[i] = start;
  }
  do {
    if (kind == NICHE_SUM) {
      double *to = accumulators + place;
      if (is_kept) {
        for (ptrdiff_t i = 0; i < count; i++) to[i] += (double)x[i];
      } else {
        to[0] += nk_sum(count, x);
      }
    } else if (kind == NICHE_PRODUCT) {
      double *to = accumulators + place;
      for (ptrdiff_t i = 0; i < count; i++) to[is_kept ? i : 0] *= (double)x[i];
    } else {
      float *to = result + place;
      if (kind == NICHE_REDUCE_MAXIMUM) {
        if (is_kept) {
          for (ptrdiff_t i = 0; i < count; i++) to[i] = nk_larger(to[i], x[i]);
        } else {
          to[0] = nk_larger(to[0], nk_extremum(count, x, 1));
        }
      } else if (is_kept) {
        for (ptrdiff_t i = 0; i < count; i++) to[i] = nk_smaller(to[i], x[i]);
      } else {
        to[0] = nk_smaller(to[0], nk_extremum(count, x, -1));
      }
    }
    x += count;
  } while (nk_step(inner, extents, result_strides, zeros, counters, &place, &unused));
  if ((kind == NICHE_SUM || kind == NICHE_PRODUCT) && portion & NICHE_LAST) {
    for (ptrdiff_t i = 0; i < result_count; i++) result[i] = (float)(accumulators[i] * scale);
  }
}

static void nk_reduce_integer(
    int32_t kind, ptrdiff_t rank, const ptrdiff_t *extents, const ptrdiff_t *result_strides, const int32_t *x,
    ptrdiff_t result_count, int32_t *result) {
  static const ptrdiff_t one[1] = {1}, none[1] = {0};
  if (rank == 0) {
    extents = one;
    result_strides = none;
    rank = 1;
  }
  ptrdiff_t inner = rank - 1, count = extents[inner], place = 0, unused = 0, step = result_strides[inner];
  ptrdiff_t counters[NICHE_MAXIMUM_RANK] = {0}, zeros[NICHE_MAXIMUM_RANK] = {0};
  int32_t start = kind == NICHE_SUM               ? 0
                  : kind == NICHE_PRODUCT         ? 1
                  : kind == NICHE_REDUCE_MAXIMUM  ? INT32_MIN
                                                  : INT32_MAX;
  for (ptrdiff_t i = 0; i < result_count; i++) result[i] = start;
  do {
    for (ptrdiff_t i = 0; i < count; i++) {
      int32_t *to = result + place + i * step, value = x[i];
      switch (kind) {
        case NICHE_SUM: *to = (int32_t)((uint32_t)*to + (uint32_t)value); break;
        case NICHE_PRODUCT: *to = (int32_t)((uint32_t)*to * (uint32_t)value); break;
        case NICHE_REDUCE_MAXIMUM: *to = value > *to ? value : *to; break;
        default: *to = value < *to ? value : *to;
      }
    }
    x += count;
  } while (nk_step(inner, extents, result_strides, zeros, counters, &place, &unused));
}

// log Σ exp(x − maximum), the sum in double precision.
static double nk_log_sum(ptrdiff_t count, const float *x, float maximum) {
  double sum = 0;
  {
#pragma clang fp reassociate(on)
    for (ptrdiff_t i = 0; i < count; i++) sum += (double)nk_exp(x[i] - maximum);
  }
  return log(sum);
}

static void nk_softmax_row(ptrdiff_t count, int32_t logarithm, const float *x, float *result) {
  float maximum = nk_extremum(count, x, 1);
  if (logarithm) {
    float shift = (float)nk_log_sum(count, x, maximum);
    NK_INDEPENDENT for (ptrdiff_t i = 0; i < count; i++) result[i] = (x[i] - maximum) - shift;
    return;
  }
  NK_INDEPENDENT for (ptrdiff_t i = 0; i < count; i++) result[i] = nk_exp(x[i] - maximum);
  float scale = (float)(1.0 / nk_sum(count, result));
  for (ptrdiff_t i = 0; i < count; i++) result[i] *= scale;
}

static void nk_softmax(
    ptrdiff_t outer, ptrdiff_t extent, ptrdiff_t inner, int32_t logarithm, const float *x, float *result,
    float *scratch) {
  if (inner == 1) {
    for (ptrdiff_t row = 0; row < outer; row++) {
      nk_softmax_row(extent, logarithm, x + row * extent, result + row * extent);
    }
    return;
  }
  float *maxima = scratch, *sums = scratch + inner;
  for (ptrdiff_t block = 0; block < outer; block++, x += extent * inner, result += extent * inner) {
    for (ptrdiff_t i = 0; i < inner; i++) {
      maxima[i] = -INFINITY;
      sums[i] = 0;
    }
    for (ptrdiff_t e = 0; e < extent; e++) {
      const float *row = x + e * inner;
      for (ptrdiff_t i = 0; i < inner; i++) maxima[i] = nk_larger(maxima[i], row[i]);
    }
    for (ptrdiff_t e = 0; e < extent; e++) {
      const float *row = x + e * inner;
      NK_INDEPENDENT for (ptrdiff_t i = 0; i < inner; i++) sums[i] += nk_exp(row[i] - maxima[i]);
    }
    if (logarithm) {
      for (ptrdiff_t i = 0; i < inner; i++) sums[i] = logf(sums[i]);
    }
    for (ptrdiff_t e = 0; e < extent; e++) {
      const float *row = x + e * inner;
      float *to = result + e * inner;
      if (logarithm) {
        NK_INDEPENDENT for (ptrdiff_t i = 0; i < inner; i++) to[i] = (row[i] - maxima[i]) - sums[i];
      } else {
        NK_INDEPENDENT for (ptrdiff_t i = 0; i < inner; i++) to[i] = nk_exp(row[i] - maxima[i]) / sums[i];
      }
    }
  }
}

static const int32_t nk_ignored_label = -100;

static ptrdiff_t nk_counted_rows(ptrdiff_t rows, const int32_t *labels) {
  ptrdiff_t counted = 0;
  for (ptrdiff_t row = 0; row < rows; row++) counted += labels[row] != nk_ignored_label;
  return counted;
}

static float nk_cross_entropy(
    ptrdiff_t rows, ptrdiff_t classes, double smoothing, const float *logits, const int32_t *labels) {
  double total = 0;
  for (ptrdiff_t row = 0; row < rows; row++) {
    int32_t label = labels[row];
    if (label == nk_ignored_label) continue;
    if (label < 0 || label >= classes) return NAN;
    const float *x = logits + row * classes;
    float maximum = nk_extremum(classes, x, 1);
    double shift = (double)maximum + nk_log_sum(classes, x, maximum);
    total += (1 - smoothing) * (shift - (double)x[label]);
    if (smoothing != 0) total += smoothing * (shift - nk_sum(classes, x) / (double)classes);
  }
  return (float)(total / (double)nk_counted_rows(rows, labels));
}

static void nk_cross_entropy_gradient(
    ptrdiff_t rows, ptrdiff_t classes, double smoothing, float scale, const float *logits, const int32_t *labels,
    float *result) {
  float factor = scale / (float)nk_counted_rows(rows, labels);
  float uniform = (float)(smoothing / (double)classes), hit = (float)(1 - smoothing);
  for (ptrdiff_t row = 0; row < rows; row++) {
    int32_t label = labels[row];
    float *to = result + row * classes;
    if (label == nk_ignored_label) {
      memset(to, 0, (size_t)classes * sizeof *to);
      continue;
    }
    nk_softmax_row(classes, 0, logits + row * classes, to);
    if (label >= 0 && label < classes) {
      to[label] -= hit;
    } else {
      to[0] = NAN;
    }
    for (ptrdiff_t i = 0; i < classes; i++) to[i] = (to[i] - uniform) * factor;
  }
}
