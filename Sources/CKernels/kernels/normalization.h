// Per-channel statistics and maps over [images, channels, plane]. Sums are in double precision, so that the
// variance may be taken as the mean square less the squared mean; but for short runs of numbers that are near 0.

// How many vectors are summed in single precision.
#define NK_RUN 128

static inline double nk_sum_of_vector(nk_vector value) {
  nk_quad sum = ((const nk_quad *)&value)[0];
  for (int i = 1; i < NK_WIDTH / 4; i++) sum += ((const nk_quad *)&value)[i];
  return ((double)sum.x + (double)sum.z) + ((double)sum.y + (double)sum.w);
}

// Adds Σ(x − pivot) and Σ(x − pivot)².
static inline void nk_add_moments(ptrdiff_t count, const float *x, float pivot, double *sum, double *square) {
  ptrdiff_t i = 0;
  while (count - i >= 2 * NK_WIDTH) {
    ptrdiff_t end = count - i < NK_RUN * NK_WIDTH ? count : i + NK_RUN * NK_WIDTH;
    nk_vector sums[2] = {0.0f, 0.0f}, squares[2] = {0.0f, 0.0f};
    for (; i + 2 * NK_WIDTH <= end; i += 2 * NK_WIDTH) {
      nk_vector a = nk_load(x + i) - pivot, b = nk_load(x + i + NK_WIDTH) - pivot;
      sums[0] += a;
      sums[1] += b;
      squares[0] += a * a;
      squares[1] += b * b;
    }
    *sum += nk_sum_of_vector(sums[0] + sums[1]);
    *square += nk_sum_of_vector(squares[0] + squares[1]);
  }
  for (; i < count; i++) {
    double value = (double)(x[i] - pivot);
    *sum += value;
    *square += value * value;
  }
}

// Adds Σg and Σg·(x − centre).
static inline void nk_add_gradient_moments(
    ptrdiff_t count, const float *x, float centre, const float *gradient, double *sum, double *product) {
  ptrdiff_t i = 0;
  while (count - i >= 2 * NK_WIDTH) {
    ptrdiff_t end = count - i < NK_RUN * NK_WIDTH ? count : i + NK_RUN * NK_WIDTH;
    nk_vector sums[2] = {0.0f, 0.0f}, products[2] = {0.0f, 0.0f};
    for (; i + 2 * NK_WIDTH <= end; i += 2 * NK_WIDTH) {
      nk_vector a = nk_load(gradient + i), b = nk_load(gradient + i + NK_WIDTH);
      sums[0] += a;
      sums[1] += b;
      products[0] += a * (nk_load(x + i) - centre);
      products[1] += b * (nk_load(x + i + NK_WIDTH) - centre);
    }
    *sum += nk_sum_of_vector(sums[0] + sums[1]);
    *product += nk_sum_of_vector(products[0] + products[1]);
  }
  for (; i < count; i++) {
    *sum += (double)gradient[i];
    *product += (double)gradient[i] * (double)(x[i] - centre);
  }
}

// A number near those of a channel, so that the differences from it are small.
static inline float nk_pivot(ptrdiff_t plane, const float *x) {
  ptrdiff_t count = plane < 16 ? plane : 16;
  float sum = 0;
  for (ptrdiff_t i = 0; i < count; i++) sum += x[i];
  return sum / (float)count;
}

static void nk_channel_moments(
    ptrdiff_t images, ptrdiff_t channels, ptrdiff_t plane, const float *x, double *sums, double *squares) {
  const float *first = x;
  for (ptrdiff_t c = 0; c < channels; c++) sums[c] = squares[c] = 0;
  for (ptrdiff_t image = 0; image < images; image++) {
    if (plane == 1) {
      for (ptrdiff_t c = 0; c < channels; c++) {
        double value = (double)x[c];
        sums[c] += value;
        squares[c] += value * value;
      }
      x += channels;
      continue;
    }
    for (ptrdiff_t c = 0; c < channels; c++, x += plane) {
      nk_add_moments(plane, x, nk_pivot(plane, first + c * plane), sums + c, squares + c);
    }
  }
  if (plane == 1) return;
  for (ptrdiff_t c = 0; c < channels; c++) {
    double pivot = (double)nk_pivot(plane, first + c * plane), count = (double)images * (double)plane;
    squares[c] += pivot * (2 * sums[c] + count * pivot);
    sums[c] += count * pivot;
  }
}

static void nk_channel_affine(
    ptrdiff_t images, ptrdiff_t channels, ptrdiff_t plane, const float *x, const float *scale, const float *shift,
    float *result) {
  for (ptrdiff_t image = 0; image < images; image++) {
    if (plane == 1) {
      NK_INDEPENDENT for (ptrdiff_t c = 0; c < channels; c++) result[c] = x[c] * scale[c] + shift[c];
      x += channels;
      result += channels;
      continue;
    }
    for (ptrdiff_t c = 0; c < channels; c++, x += plane, result += plane) {
      float a = scale[c], b = shift[c];
      NK_INDEPENDENT for (ptrdiff_t i = 0; i < plane; i++) result[i] = x[i] * a + b;
    }
  }
}

static void nk_channel_gradient_moments(
    ptrdiff_t images, ptrdiff_t channels, ptrdiff_t plane, const float *x, const float *mean,
    const float *gradient, double *sums, double *products) {
  for (ptrdiff_t c = 0; c < channels; c++) sums[c] = products[c] = 0;
  for (ptrdiff_t image = 0; image < images; image++) {
    if (plane == 1) {
      for (ptrdiff_t c = 0; c < channels; c++) {
        sums[c] += (double)gradient[c];
        products[c] += (double)gradient[c] * (double)(x[c] - mean[c]);
      }
      x += channels;
      gradient += channels;
      continue;
    }
    for (ptrdiff_t c = 0; c < channels; c++, x += plane, gradient += plane) {
      nk_add_gradient_moments(plane, x, mean[c], gradient, sums + c, products + c);
    }
  }
}

static void nk_channel_gradient(
    ptrdiff_t images, ptrdiff_t channels, ptrdiff_t plane, const float *x, const float *mean,
    const float *gradient, const float *a, const float *b, const float *scale, float *result) {
  for (ptrdiff_t image = 0; image < images; image++) {
    if (plane == 1) {
      NK_INDEPENDENT for (ptrdiff_t c = 0; c < channels; c++) {
        result[c] = ((gradient[c] - a[c]) - (x[c] - mean[c]) * b[c]) * scale[c];
      }
      x += channels;
      gradient += channels;
      result += channels;
      continue;
    }
    for (ptrdiff_t c = 0; c < channels; c++, x += plane, gradient += plane, result += plane) {
      float centre = mean[c], offset = a[c], slope = b[c], factor = scale[c];
      NK_INDEPENDENT for (ptrdiff_t i = 0; i < plane; i++) {
        result[i] = ((gradient[i] - offset) - (x[i] - centre) * slope) * factor;
      }
    }
  }
}
