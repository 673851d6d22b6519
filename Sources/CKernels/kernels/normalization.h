// Per-channel statistics and maps over [images, channels, plane]. Sums are in double precision, so that the
// variance may be taken as the mean square less the squared mean.

static void nk_channel_moments(
    ptrdiff_t images, ptrdiff_t channels, ptrdiff_t plane, const float *x, double *sums, double *squares) {
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
      double sum = 0, square = 0;
      {
#pragma clang fp reassociate(on)
        for (ptrdiff_t i = 0; i < plane; i++) {
          double value = (double)x[i];
          sum += value;
          square += value * value;
        }
      }
      sums[c] += sum;
      squares[c] += square;
    }
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
      double sum = 0, product = 0;
      float centre = mean[c];
      {
#pragma clang fp reassociate(on)
        for (ptrdiff_t i = 0; i < plane; i++) {
          sum += (double)gradient[i];
          product += (double)gradient[i] * (double)(x[i] - centre);
        }
      }
      sums[c] += sum;
      products[c] += product;
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
