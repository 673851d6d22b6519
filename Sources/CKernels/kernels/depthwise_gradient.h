// Gradients of depthwise convolutions over blocks of images.

// Without stride the image gradient is a convolution with the weights turned, a channel's at a time.
static inline niche_convolution nk_turned(const niche_convolution *s) {
  niche_convolution turned = *s;
  turned.height = s->result_height;
  turned.width = s->result_width;
  turned.result_height = s->height;
  turned.result_width = s->width;
  turned.padding_height = s->kernel_height - 1 - s->padding_height;
  turned.padding_width = s->kernel_width - 1 - s->padding_width;
  return turned;
}

static inline int nk_is_turned_depthwise(const niche_convolution *s) {
  niche_convolution turned = nk_turned(s);
  return s->stride_height == 1 && turned.padding_height >= 0 && turned.padding_width >= 0 && nk_is_depthwise(&turned);
}

static void nk_convolve_depthwise_input_gradient(
    const niche_convolution *s, ptrdiff_t channels, ptrdiff_t blocks, const float *weight, const float *gradient,
    const nk_finish *finish, float *image_gradient, float *space) {
  niche_convolution turned = nk_turned(s);
  ptrdiff_t taps = s->kernel_height * s->kernel_width;
  ptrdiff_t image = s->height * s->width * NK_LANES, result = s->result_height * s->result_width * NK_LANES;
  for (ptrdiff_t plane = 0; plane < blocks * channels; plane++) {
    const float *from = weight + plane % channels * taps;
    float weights[25];
    for (ptrdiff_t tap = 0; tap < taps; tap++) weights[tap] = from[taps - 1 - tap];
    nk_convolve_depthwise(
        &turned, 1, 1, gradient + plane * result, weights, 0, finish, image_gradient + plane * image, space);
  }
}

// With a stride of 2 the taps of an image line, and of its pixels, are every other one. Place y lies at
// y + padding = 2 · q + phase, and receives from result q − t by tap phase + 2 · t.
static inline ptrdiff_t nk_strided_columns(const niche_convolution *s) {
  ptrdiff_t taps = (s->kernel_width + 1) / 2;
  return (s->width - 1 + s->padding_width) / 2 + taps;
}

static inline int nk_is_strided_depthwise(const niche_convolution *s) {
  return nk_is_depthwise(s) && s->stride_height == 2 &&
         (s->kernel_width + 1) / 2 * nk_strided_columns(s) * NK_LANES <= NICHE_BAND_FLOATS;
}

#define NK_STRIDED_PAIRS 3

// The pixels 2 · q and 2 · q + 1 of `pairs` places q on a line, of which those from `first` until `end` are there.
static inline __attribute__((always_inline)) void nk_strided_depthwise_tile(
    const int kernel, const int phase, const int pairs, const float *const *lines, const float *weight,
    const nk_finish *finishing, ptrdiff_t first, ptrdiff_t end, float *result) {
  const nk_finish finish = *finishing;
  const int most = (kernel + 1) / 2;
  for (ptrdiff_t lane = 0; lane < NK_LANES; lane += NK_WIDTH) {
    nk_vector sums[NK_STRIDED_PAIRS][2];
#pragma clang loop unroll(full)
    for (int j = 0; j < pairs; j++) sums[j][0] = sums[j][1] = 0.0f;
#pragma clang loop unroll(full)
    for (int ky = phase; ky < kernel; ky += 2) {
      const float *line = lines[most - 1 - ky / 2] + lane;
      nk_vector values[NK_STRIDED_PAIRS + 2];
#pragma clang loop unroll(full)
      for (int i = 0; i < pairs + most - 1; i++) values[i] = nk_load(line + i * NK_LANES);
#pragma clang loop unroll(full)
      for (int kx = 0; kx < kernel; kx++) {
        float factor = weight[ky * kernel + kx];
#pragma clang loop unroll(full)
        for (int j = 0; j < pairs; j++) sums[j][kx % 2] += values[j + most - 1 - kx / 2] * factor;
      }
    }
#pragma clang loop unroll(full)
    for (int i = 0; i < 2 * pairs; i++) {
      if (i < first || i >= end) continue;
      float *place = result + i * NK_LANES + lane;
      nk_store(nk_finished(finish, sums[i / 2][i % 2], place), place);
    }
  }
}

static inline __attribute__((always_inline)) void nk_strided_depthwise_line(
    const int kernel, const int phase, const niche_convolution *s, const float **lines, const float *weight,
    const nk_finish *finish, float *result) {
  // Counted from the pixel that lies at 0 with its border.
  ptrdiff_t q = s->padding_width / 2, first = s->padding_width - 2 * q, end = first + s->width;
  for (int i = 0; i < (kernel + 1) / 2; i++) lines[i] += q * NK_LANES;
  result -= first * NK_LANES;
  for (ptrdiff_t pairs; end > 0; first -= 2 * pairs, end -= 2 * pairs, result += 2 * pairs * NK_LANES) {
    pairs = (end + 1) / 2 < NK_STRIDED_PAIRS ? (end + 1) / 2 : NK_STRIDED_PAIRS;
    switch (pairs) {
      case 1: nk_strided_depthwise_tile(kernel, phase, 1, lines, weight, finish, first, end, result); break;
      case 2: nk_strided_depthwise_tile(kernel, phase, 2, lines, weight, finish, first, end, result); break;
      default: nk_strided_depthwise_tile(kernel, phase, 3, lines, weight, finish, first, end, result); break;
    }
    for (int i = 0; i < (kernel + 1) / 2; i++) lines[i] += pairs * NK_LANES;
  }
}

static inline __attribute__((always_inline)) void nk_strided_depthwise_plane(
    const int kernel, const niche_convolution *s, const float *gradient, const float *weight, const nk_finish *finish,
    float *result, float *space) {
  const int most = (kernel + 1) / 2;
  nk_ring ring = {space, most, nk_strided_columns(s), 0};
  for (ptrdiff_t y = 0; y < s->height; y++, result += s->width * NK_LANES) {
    ptrdiff_t q = (y + s->padding_height) / 2;
    nk_fill_ring(&ring, gradient, s->result_height, s->result_width, most - 1, most - 1, q + most);
    const float *lines[3];
    for (int i = 0; i < most; i++) lines[i] = space + (q + i) % most * ring.columns * NK_LANES;
    if ((y + s->padding_height) % 2 == 0) {
      nk_strided_depthwise_line(kernel, 0, s, lines, weight, finish, result);
    } else {
      nk_strided_depthwise_line(kernel, 1, s, lines, weight, finish, result);
    }
  }
}

static void nk_strided_depthwise_gradient(
    const niche_convolution *s, ptrdiff_t channels, ptrdiff_t blocks, const float *weight, const float *gradient,
    const nk_finish *finish, float *image_gradient, float *space) {
  ptrdiff_t taps = s->kernel_height * s->kernel_width;
  for (ptrdiff_t plane = 0; plane < blocks * channels; plane++) {
    const float *weights = weight + plane % channels * taps;
    if (s->kernel_height == 3) {
      nk_strided_depthwise_plane(3, s, gradient, weights, finish, image_gradient, space);
    } else {
      nk_strided_depthwise_plane(5, s, gradient, weights, finish, image_gradient, space);
    }
    gradient += s->result_height * s->result_width * NK_LANES;
    image_gradient += s->height * s->width * NK_LANES;
  }
}

static inline __attribute__((always_inline)) void nk_depthwise_gradient_tile(
    const int kernel, const int stride, const int pixels, const float *const *lines, const float *gradient,
    nk_vector *sums) {
  nk_vector gradients[3];
#pragma clang loop unroll(full)
  for (int j = 0; j < pixels; j++) gradients[j] = nk_load(gradient + j * NK_LANES);
#pragma clang loop unroll(full)
  for (int ky = 0; ky < kernel; ky++) {
    nk_vector values[9];
#pragma clang loop unroll(full)
    for (int i = 0; i < (pixels - 1) * stride + kernel; i++) values[i] = nk_load(lines[ky] + i * NK_LANES);
#pragma clang loop unroll(full)
    for (int kx = 0; kx < kernel; kx++) {
#pragma clang loop unroll(full)
      for (int j = 0; j < pixels; j++) sums[ky * kernel + kx] += gradients[j] * values[j * stride + kx];
    }
  }
}

static inline __attribute__((always_inline)) void nk_depthwise_weight_gradient_plane(
    const int kernel, const int stride, const niche_convolution *s, const float *plane, const float *gradient,
    float *result, float *space) {
  nk_ring ring = {space, kernel, (s->result_width - 1) * stride + kernel, 0};
  nk_vector sums[NK_LANES / NK_WIDTH][32];
  for (int part = 0; part < NK_LANES / NK_WIDTH; part++) {
    for (int i = 0; i < 32; i++) sums[part][i] = 0.0f;
  }
  for (ptrdiff_t line = 0; line < s->result_height; line++, gradient += s->result_width * NK_LANES) {
    nk_fill_ring(
        &ring, plane, s->height, s->width, s->padding_height, s->padding_width, line * stride + kernel);
    for (int part = 0; part < NK_LANES / NK_WIDTH; part++) {
      const float *lines[5], *from = gradient + part * NK_WIDTH;
      nk_vector local[25];
#pragma clang loop unroll(full)
      for (int ky = 0; ky < kernel; ky++) {
        lines[ky] = space + (line * stride + ky) % kernel * ring.columns * NK_LANES + part * NK_WIDTH;
      }
#pragma clang loop unroll(full)
      for (int i = 0; i < kernel * kernel; i++) local[i] = sums[part][i];
      ptrdiff_t pixel = 0;
      for (; pixel + 3 <= s->result_width; pixel += 3, from += 3 * NK_LANES) {
        nk_depthwise_gradient_tile(kernel, stride, 3, lines, from, local);
#pragma clang loop unroll(full)
        for (int ky = 0; ky < kernel; ky++) lines[ky] += 3 * stride * NK_LANES;
      }
      for (; pixel < s->result_width; pixel++, from += NK_LANES) {
        nk_depthwise_gradient_tile(kernel, stride, 1, lines, from, local);
#pragma clang loop unroll(full)
        for (int ky = 0; ky < kernel; ky++) lines[ky] += stride * NK_LANES;
      }
#pragma clang loop unroll(full)
      for (int i = 0; i < kernel * kernel; i++) sums[part][i] = local[i];
    }
  }
  for (int part = 1; part < NK_LANES / NK_WIDTH; part++) {
    for (int i = 0; i < kernel * kernel; i++) sums[0][i] += sums[part][i];
  }
  float totals[32];
  nk_sum_lanes(32, sums[0], totals);
  for (int i = 0; i < kernel * kernel; i++) result[i] += totals[i];
}

#define NK_DEPTHWISE_GRADIENT(KERNEL, STRIDE) \
  nk_depthwise_weight_gradient_plane(KERNEL, STRIDE, s, x, from, weight_gradient + c *KERNEL *KERNEL, space)

static void nk_convolve_depthwise_weight_gradient(
    const niche_convolution *s, ptrdiff_t channels, ptrdiff_t blocks, ptrdiff_t begin, ptrdiff_t end,
    int32_t portion, const float *images, const float *gradient, float *weight_gradient, float *space) {
  ptrdiff_t taps = s->kernel_height * s->kernel_width;
  if (portion & NICHE_FIRST) {
    memset(weight_gradient + begin * taps, 0, (size_t)((end - begin) * taps) * sizeof *weight_gradient);
  }
  for (ptrdiff_t block = 0; block < blocks; block++) {
    for (ptrdiff_t c = begin; c < end; c++) {
      const float *x = images + (block * channels + c) * s->height * s->width * NK_LANES;
      const float *from = gradient + (block * channels + c) * s->result_height * s->result_width * NK_LANES;
      if (s->kernel_height == 3) {
        s->stride_height == 1 ? NK_DEPTHWISE_GRADIENT(3, 1) : NK_DEPTHWISE_GRADIENT(3, 2);
      } else {
        s->stride_height == 1 ? NK_DEPTHWISE_GRADIENT(5, 1) : NK_DEPTHWISE_GRADIENT(5, 2);
      }
    }
  }
}
