// Depthwise convolutions over blocks of images: 3 × 3 or 5 × 5 taps, one channel at a time.
//
// The lines that the taps of one line of results meet are copied with zeros around them into a ring that stays in the
// cache, so that each pixel is read once from memory, and neighbouring results share what they load.

#define NK_RING_PIXELS 6

static inline int nk_is_depthwise(const niche_convolution *s) {
  ptrdiff_t kernel = s->kernel_height, stride = s->stride_height;
  return s->channels == 1 && s->result_channels == 1 && s->kernel_width == kernel && (kernel == 3 || kernel == 5) &&
         s->stride_width == stride && (stride == 1 || stride == 2) && s->dilation_height == 1 &&
         s->dilation_width == 1 &&
         kernel * ((s->result_width - 1) * stride + kernel) * NK_LANES <= NICHE_BAND_FLOATS;
}

// The last lines of a plane that were copied, the line y in slot (y + padding) mod kernel.
typedef struct {
  float *lines;
  ptrdiff_t kernel, columns, next;
} nk_ring;

// Copies lines up to the one behind `end`, counted from the first of the border.
static inline void nk_fill_ring(
    nk_ring *ring, const float *plane, ptrdiff_t height, ptrdiff_t width, ptrdiff_t top, ptrdiff_t left, ptrdiff_t end) {
  ptrdiff_t inside = ring->columns - left < width ? ring->columns - left : width;
  if (inside < 0) inside = 0;
  ptrdiff_t before = left < ring->columns ? left : ring->columns;
  if (ring->next < end - ring->kernel) ring->next = end - ring->kernel;
  for (; ring->next < end; ring->next++) {
    float *to = ring->lines + ring->next % ring->kernel * ring->columns * NK_LANES;
    ptrdiff_t y = ring->next - top;
    if (y < 0 || y >= height) {
      memset(to, 0, (size_t)(ring->columns * NK_LANES) * sizeof *to);
      continue;
    }
    memset(to, 0, (size_t)(before * NK_LANES) * sizeof *to);
    memcpy(to + before * NK_LANES, plane + y * width * NK_LANES, (size_t)(inside * NK_LANES) * sizeof *to);
    memset(
        to + (before + inside) * NK_LANES, 0, (size_t)((ring->columns - before - inside) * NK_LANES) * sizeof *to);
  }
}

static inline __attribute__((always_inline)) void nk_depthwise_tile(
    const int kernel, const int stride, const int pixels, const float *const *lines, const float *weight, float bias,
    const nk_finish *finishing, float *result) {
  const nk_finish finish = *finishing;
  for (ptrdiff_t lane = 0; lane < NK_LANES; lane += NK_WIDTH) {
    nk_vector sums[NK_RING_PIXELS];
#pragma clang loop unroll(full)
    for (int j = 0; j < pixels; j++) sums[j] = bias;
#pragma clang loop unroll(full)
    for (int ky = 0; ky < kernel; ky++) {
      const float *line = lines[ky] + lane;
      nk_vector values[(NK_RING_PIXELS - 1) * 2 + 5];
#pragma clang loop unroll(full)
      for (int i = 0; i < (pixels - 1) * stride + kernel; i++) values[i] = nk_load(line + i * NK_LANES);
#pragma clang loop unroll(full)
      for (int kx = 0; kx < kernel; kx++) {
        float factor = weight[ky * kernel + kx];
#pragma clang loop unroll(full)
        for (int j = 0; j < pixels; j++) sums[j] += values[j * stride + kx] * factor;
      }
    }
#pragma clang loop unroll(full)
    for (int j = 0; j < pixels; j++) {
      float *place = result + j * NK_LANES + lane;
      nk_store(nk_finished(finish, sums[j], place), place);
    }
  }
}

static inline __attribute__((always_inline)) void nk_depthwise_line(
    const int kernel, const int stride, ptrdiff_t width, const float **lines, const float *weight, float bias,
    const nk_finish *finish, float *result) {
  ptrdiff_t parts = nk_parts(width, NK_RING_PIXELS);
  for (ptrdiff_t part = 0; part < parts; part++) {
    ptrdiff_t pixels = nk_part(width, parts, part);
    switch (pixels) {
      case 1: nk_depthwise_tile(kernel, stride, 1, lines, weight, bias, finish, result); break;
      case 2: nk_depthwise_tile(kernel, stride, 2, lines, weight, bias, finish, result); break;
      case 3: nk_depthwise_tile(kernel, stride, 3, lines, weight, bias, finish, result); break;
      case 4: nk_depthwise_tile(kernel, stride, 4, lines, weight, bias, finish, result); break;
      case 5: nk_depthwise_tile(kernel, stride, 5, lines, weight, bias, finish, result); break;
      default: nk_depthwise_tile(kernel, stride, 6, lines, weight, bias, finish, result); break;
    }
    for (int ky = 0; ky < kernel; ky++) lines[ky] += pixels * stride * NK_LANES;
    result += pixels * NK_LANES;
  }
}

// One plane, of which `top` lines and `left` columns of zeros come before the first.
static inline __attribute__((always_inline)) void nk_depthwise_plane(
    const int kernel, const int stride, ptrdiff_t height, ptrdiff_t width, ptrdiff_t top, ptrdiff_t left,
    ptrdiff_t result_height, ptrdiff_t result_width, const float *plane, const float *weight, float bias,
    const nk_finish *finish, float *result, float *space) {
  nk_ring ring = {space, kernel, (result_width - 1) * stride + kernel, 0};
  for (ptrdiff_t line = 0; line < result_height; line++, result += result_width * NK_LANES) {
    nk_fill_ring(&ring, plane, height, width, top, left, line * stride + kernel);
    const float *lines[5];
    for (int ky = 0; ky < kernel; ky++) {
      lines[ky] = space + (line * stride + ky) % kernel * ring.columns * NK_LANES;
    }
    nk_depthwise_line(kernel, stride, result_width, lines, weight, bias, finish, result);
  }
}

#define NK_DEPTHWISE(KERNEL, STRIDE)                                                                               \
  nk_depthwise_plane(                                                                                              \
      KERNEL, STRIDE, s->height, s->width, s->padding_height, s->padding_width, s->result_height, s->result_width, \
      images, weight + c *KERNEL *KERNEL, bias ? bias[c] : 0, finish, result, space)

static void nk_convolve_depthwise(
    const niche_convolution *s, ptrdiff_t channels, ptrdiff_t blocks, const float *images, const float *weight,
    const float *bias, const nk_finish *finish, float *result, float *space) {
  for (ptrdiff_t block = 0; block < blocks; block++) {
    for (ptrdiff_t c = 0; c < channels; c++) {
      if (s->kernel_height == 3) {
        s->stride_height == 1 ? NK_DEPTHWISE(3, 1) : NK_DEPTHWISE(3, 2);
      } else {
        s->stride_height == 1 ? NK_DEPTHWISE(5, 1) : NK_DEPTHWISE(5, 2);
      }
      images += s->height * s->width * NK_LANES;
      result += s->result_height * s->result_width * NK_LANES;
    }
  }
}
