// Layer normalisation: rows that stay in the cache from the first pass over them to the last.

// Long rows are summed in stretches, so that single precision suffices within one.
#define NK_STRETCH 512

static void nk_layer_normalization(
    ptrdiff_t rows, ptrdiff_t count, double epsilon, const float *x, const float *weight, const float *bias,
    float *result, float *means, float *inverses) {
  for (ptrdiff_t row = 0; row < rows; row++, x += count, result += count) {
    double sum = nk_sum(count, x), squares = 0;
    float mean = (float)(sum / (double)count);
    for (ptrdiff_t begin = 0; begin < count; begin += NK_STRETCH) {
      ptrdiff_t end = begin + NK_STRETCH < count ? begin + NK_STRETCH : count;
      float part = 0;
      {
#pragma clang fp reassociate(on)
        for (ptrdiff_t i = begin; i < end; i++) part += (x[i] - mean) * (x[i] - mean);
      }
      squares += (double)part;
    }
    // What rounding took from the mean.
    double rest = sum / (double)count - (double)mean;
    float inverse = (float)(1.0 / sqrt(squares / (double)count - rest * rest + epsilon));
    means[row] = mean;
    inverses[row] = inverse;
    if (weight && bias) {
      NK_INDEPENDENT for (ptrdiff_t i = 0; i < count; i++) result[i] = (x[i] - mean) * inverse * weight[i] + bias[i];
    } else if (weight) {
      NK_INDEPENDENT for (ptrdiff_t i = 0; i < count; i++) result[i] = (x[i] - mean) * inverse * weight[i];
    } else if (bias) {
      NK_INDEPENDENT for (ptrdiff_t i = 0; i < count; i++) result[i] = (x[i] - mean) * inverse + bias[i];
    } else {
      NK_INDEPENDENT for (ptrdiff_t i = 0; i < count; i++) result[i] = (x[i] - mean) * inverse;
    }
  }
}

// How many rows' gradients of weight and bias are summed in single precision.
#define NK_ROW_STRETCH 64

static void nk_layer_normalization_gradient(
    ptrdiff_t rows, ptrdiff_t count, const float *x, const float *means, const float *inverses, const float *weight,
    const float *gradient, float *result, float *weight_gradient, float *bias_gradient, void *scratch) {
  // Sums over all rows, those over a stretch of rows, and the row's gradient with the weight.
  double *weight_sums = scratch, *bias_sums = weight_sums + count;
  float *weight_parts = (float *)(bias_sums + count), *bias_parts = weight_parts + count;
  float *normal = bias_parts + count, *scaled = normal + count;
  for (ptrdiff_t i = 0; i < count; i++) weight_sums[i] = bias_sums[i] = 0;
  for (ptrdiff_t begin = 0; begin < rows; begin += NK_ROW_STRETCH) {
    ptrdiff_t end = begin + NK_ROW_STRETCH < rows ? begin + NK_ROW_STRETCH : rows;
    for (ptrdiff_t i = 0; i < count; i++) weight_parts[i] = bias_parts[i] = 0;
    for (ptrdiff_t row = begin; row < end; row++, x += count, gradient += count, result += count) {
      float mean = means[row], inverse = inverses[row];
      double sum = 0, product = 0;
      for (ptrdiff_t from = 0; from < count; from += NK_STRETCH) {
        ptrdiff_t to = from + NK_STRETCH < count ? from + NK_STRETCH : count;
        float part = 0, product_part = 0;
        {
#pragma clang fp reassociate(on)
#pragma clang loop vectorize(assume_safety)
          for (ptrdiff_t i = from; i < to; i++) {
            float g = gradient[i], n = (x[i] - mean) * inverse;
            weight_parts[i] += g * n;
            bias_parts[i] += g;
            if (weight) g *= weight[i];
            normal[i] = n;
            scaled[i] = g;
            part += g;
            product_part += g * n;
          }
        }
        sum += (double)part;
        product += (double)product_part;
      }
      float offset = (float)(sum / (double)count), slope = (float)(product / (double)count);
      NK_INDEPENDENT for (ptrdiff_t i = 0; i < count; i++) {
        result[i] = (scaled[i] - offset - normal[i] * slope) * inverse;
      }
    }
    for (ptrdiff_t i = 0; i < count; i++) {
      weight_sums[i] += (double)weight_parts[i];
      bias_sums[i] += (double)bias_parts[i];
    }
  }
  for (ptrdiff_t i = 0; weight_gradient && i < count; i++) weight_gradient[i] = (float)weight_sums[i];
  for (ptrdiff_t i = 0; bias_gradient && i < count; i++) bias_gradient[i] = (float)bias_sums[i];
}
