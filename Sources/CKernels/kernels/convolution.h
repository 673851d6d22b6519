// Column matrices for sgemm, and direct loops for the groups too small for it.

// The result places (begin ..< end) whose tap at `offset` falls inside an extent.
static inline nk_span nk_valid_places(
    ptrdiff_t offset, ptrdiff_t stride, ptrdiff_t extent, ptrdiff_t result_extent) {
  ptrdiff_t start = offset < 0 ? (-offset + stride - 1) / stride : 0;
  ptrdiff_t end = extent > offset ? (extent - offset + stride - 1) / stride : 0;
  if (end > result_extent) end = result_extent;
  nk_span span = {start < end ? start : end, end};
  return span;
}

static void nk_image_to_columns(
    const niche_convolution *s, ptrdiff_t begin, ptrdiff_t end, const float *image, float *columns) {
  for (ptrdiff_t c = 0; c < s->channels; c++, image += s->height * s->width) {
    for (ptrdiff_t ky = 0; ky < s->kernel_height; ky++) {
      for (ptrdiff_t kx = 0; kx < s->kernel_width; kx++) {
        ptrdiff_t offset = kx * s->dilation_width - s->padding_width;
        nk_span places = nk_valid_places(offset, s->stride_width, s->width, s->result_width);
        for (ptrdiff_t oy = begin; oy < end; oy++, columns += s->result_width) {
          ptrdiff_t y = oy * s->stride_height + ky * s->dilation_height - s->padding_height;
          if (y < 0 || y >= s->height || places.start == places.end) {
            memset(columns, 0, (size_t)s->result_width * sizeof *columns);
            continue;
          }
          const float *row = image + y * s->width + offset;
          for (ptrdiff_t ox = 0; ox < places.start; ox++) columns[ox] = 0;
          if (s->stride_width == 1) {
            // Short rows are the rule; a call of memcpy would cost more than the copy.
            for (ptrdiff_t ox = places.start; ox < places.end; ox++) columns[ox] = row[ox];
          } else {
            for (ptrdiff_t ox = places.start; ox < places.end; ox++) columns[ox] = row[ox * s->stride_width];
          }
          for (ptrdiff_t ox = places.end; ox < s->result_width; ox++) columns[ox] = 0;
        }
      }
    }
  }
}

static void nk_columns_to_image(
    const niche_convolution *s, ptrdiff_t begin, ptrdiff_t end, const float *columns, float *image) {
  for (ptrdiff_t c = 0; c < s->channels; c++, image += s->height * s->width) {
    for (ptrdiff_t ky = 0; ky < s->kernel_height; ky++) {
      for (ptrdiff_t kx = 0; kx < s->kernel_width; kx++) {
        ptrdiff_t offset = kx * s->dilation_width - s->padding_width;
        nk_span places = nk_valid_places(offset, s->stride_width, s->width, s->result_width);
        for (ptrdiff_t oy = begin; oy < end; oy++, columns += s->result_width) {
          ptrdiff_t y = oy * s->stride_height + ky * s->dilation_height - s->padding_height;
          if (y < 0 || y >= s->height) continue;
          float *row = image + y * s->width + offset;
          if (s->stride_width == 1) {
            for (ptrdiff_t ox = places.start; ox < places.end; ox++) row[ox] += columns[ox];
          } else {
            for (ptrdiff_t ox = places.start; ox < places.end; ox++) row[ox * s->stride_width] += columns[ox];
          }
        }
      }
    }
  }
}

// Does BODY for every tap and result row that meet. The `tap` is an index into the weight; result place `ox` is at
// `result_place` + ox and meets the image at `image_place` + ox · stride, for ox in `places`.
#define NK_FOR_TAPS(BODY)                                                                                   \
  for (ptrdiff_t o = 0; o < s->result_channels; o++) {                                                      \
    for (ptrdiff_t c = 0; c < s->channels; c++) {                                                           \
      for (ptrdiff_t ky = 0; ky < s->kernel_height; ky++) {                                                 \
        for (ptrdiff_t kx = 0; kx < s->kernel_width; kx++) {                                                \
          ptrdiff_t tap = ((o * s->channels + c) * s->kernel_height + ky) * s->kernel_width + kx;           \
          ptrdiff_t row_offset = ky * s->dilation_height - s->padding_height;                               \
          ptrdiff_t offset = kx * s->dilation_width - s->padding_width;                                     \
          nk_span rows = nk_valid_places(row_offset, s->stride_height, s->height, s->result_height);        \
          nk_span places = nk_valid_places(offset, s->stride_width, s->width, s->result_width);             \
          for (ptrdiff_t oy = rows.start; oy < rows.end; oy++) {                                            \
            ptrdiff_t y = oy * s->stride_height + row_offset;                                               \
            ptrdiff_t image_place = (c * s->height + y) * s->width + offset;                                \
            ptrdiff_t result_place = (o * s->result_height + oy) * s->result_width;                         \
            BODY                                                                                            \
          }                                                                                                 \
        }                                                                                                   \
      }                                                                                                     \
    }                                                                                                       \
  }

static inline float nk_dot(ptrdiff_t count, const float *x, ptrdiff_t stride, const float *y) {
  float sum = 0;
  if (stride == 1) {
#pragma clang fp reassociate(on)
    for (ptrdiff_t i = 0; i < count; i++) sum += x[i] * y[i];
  } else {
#pragma clang fp reassociate(on)
    for (ptrdiff_t i = 0; i < count; i++) sum += x[i * stride] * y[i];
  }
  return sum;
}

static void nk_convolve(const niche_convolution *s, const float *image, const float *weight, float *result) {
  NK_FOR_TAPS({
    float factor = weight[tap];
    const float *from = image + image_place;
    float *to = result + result_place;
    if (s->stride_width == 1) {
      NK_INDEPENDENT for (ptrdiff_t ox = places.start; ox < places.end; ox++) to[ox] += factor * from[ox];
    } else {
      for (ptrdiff_t ox = places.start; ox < places.end; ox++) to[ox] += factor * from[ox * s->stride_width];
    }
  })
}

static void nk_convolve_input_gradient(
    const niche_convolution *s, const float *weight, const float *gradient, float *image_gradient) {
  NK_FOR_TAPS({
    float factor = weight[tap];
    const float *from = gradient + result_place;
    float *to = image_gradient + image_place;
    if (s->stride_width == 1) {
      NK_INDEPENDENT for (ptrdiff_t ox = places.start; ox < places.end; ox++) to[ox] += factor * from[ox];
    } else {
      for (ptrdiff_t ox = places.start; ox < places.end; ox++) to[ox * s->stride_width] += factor * from[ox];
    }
  })
}

static void nk_convolve_weight_gradient(
    const niche_convolution *s, const float *image, const float *gradient, float *weight_gradient) {
  NK_FOR_TAPS({
    weight_gradient[tap] += nk_dot(
        places.end - places.start, image + image_place + places.start * s->stride_width, s->stride_width,
        gradient + result_place + places.start);
  })
}
