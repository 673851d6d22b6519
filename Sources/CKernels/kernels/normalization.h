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

// A number near those of a channel, so that the differences from it are small.
static inline float nk_pivot(ptrdiff_t plane, const float *x) {
  ptrdiff_t count = plane < 16 ? plane : 16;
  float sum = 0;
  for (ptrdiff_t i = 0; i < count; i++) sum += x[i];
  return sum / (float)count;
}

static void nk_channel_moments(
    ptrdiff_t images, ptrdiff_t channels, ptrdiff_t plane, ptrdiff_t begin, ptrdiff_t end, int32_t portion,
    const float *x, float *pivots, double *sums, double *squares) {
  for (ptrdiff_t c = begin; c < end && portion & NICHE_FIRST; c++) {
    sums[c] = squares[c] = 0;
    pivots[c] = plane == 1 ? 0 : nk_pivot(plane, x + c * plane);
  }
  if (plane == 1) {
    for (ptrdiff_t image = 0; image < images; image++, x += channels) {
      for (ptrdiff_t c = begin; c < end; c++) {
        double value = (double)x[c];
        sums[c] += value;
        squares[c] += value * value;
      }
    }
    return;
  }
  for (ptrdiff_t image = 0; image < images; image++) {
    for (ptrdiff_t c = begin; c < end; c++) {
      nk_add_moments(plane, x + (image * channels + c) * plane, pivots[c], sums + c, squares + c);
    }
  }
}

// How many elements are worked on at a time where one pass over them follows another.
#define NK_CHUNK 2048

// Whether the function is the identity between two bounds, NaN for none, and has no slope beyond them.
static inline int nk_is_clamp(niche_activation f, float *lower, float *upper) {
  *lower = *upper = NAN;
  switch (f.function) {
    case NICHE_NO_FUNCTION: return 1;
    case NICHE_RELU: *lower = 0; return 1;
    case NICHE_RELU6: *lower = 0; *upper = 6; return 1;
    case NICHE_HARD_TANH: *lower = f.p; *upper = f.q; return 1;
    default: return 0;
  }
}

// f(x · scale[c] + shift[c] + residual), element i of channel c = i · channel_step.
#define NK_AFFINE_LOOP(SCALE, SHIFT, VALUE)                       \
  NK_INDEPENDENT for (ptrdiff_t i = 0; i < count; i++) {          \
    float value = x[i] * (SCALE) + (SHIFT);                       \
    result[i] = (VALUE);                                          \
  }
static inline void nk_affine_run(
    ptrdiff_t count, const float *x, float scale, float shift, const float *residual, float lower, float upper,
    float *result) {
  if (residual) {
    NK_AFFINE_LOOP(scale, shift, nk_clamp(value + residual[i], lower, upper))
  } else {
    NK_AFFINE_LOOP(scale, shift, nk_clamp(value, lower, upper))
  }
}
static inline void nk_affine_row(
    ptrdiff_t count, const float *x, const float *scale, const float *shift, const float *residual, float lower,
    float upper, float *result) {
  if (residual) {
    NK_AFFINE_LOOP(scale[i], shift[i], nk_clamp(value + residual[i], lower, upper))
  } else {
    NK_AFFINE_LOOP(scale[i], shift[i], nk_clamp(value, lower, upper))
  }
}

// Calls RUN for stretches of `count` elements from `start` of one channel c, or ROW for stretches of the channels from
// c on of one image where a plane has one element; of the channels begin ..< end.
#define NK_FOR_STRETCHES(RUN, ROW)                                                                             \
  for (ptrdiff_t image = 0; image < images; image++) {                                                         \
    if (plane == 1) {                                                                                          \
      for (ptrdiff_t c = begin; c < end; c += NK_CHUNK) {                                                      \
        ptrdiff_t count = end - c < NK_CHUNK ? end - c : NK_CHUNK, start = image * channels + c;               \
        ROW                                                                                                    \
      }                                                                                                        \
      continue;                                                                                                \
    }                                                                                                          \
    for (ptrdiff_t c = begin; c < end; c++) {                                                                  \
      ptrdiff_t first = (image * channels + c) * plane, last = first + plane;                                  \
      for (ptrdiff_t start = first; start < last; start += NK_CHUNK) {                                         \
        ptrdiff_t count = last - start < NK_CHUNK ? last - start : NK_CHUNK;                                   \
        RUN                                                                                                    \
      }                                                                                                        \
    }                                                                                                          \
  }

static void nk_channel_affine(
    ptrdiff_t images, ptrdiff_t channels, ptrdiff_t plane, ptrdiff_t begin, ptrdiff_t end, const float *x,
    const float *scale, const float *shift, const float *residual, niche_activation f, float *result) {
  float lower, upper;
  int is_clamp = nk_is_clamp(f, &lower, &upper);
  NK_FOR_STRETCHES(
      nk_affine_run(
          count, x + start, scale[c], shift[c], residual ? residual + start : 0, lower, upper, result + start);
      if (!is_clamp) nk_unary(f.function, f.p, f.q, count, result + start, result + start);
      , nk_affine_row(
            count, x + start, scale + c, shift + c, residual ? residual + start : 0, lower, upper, result + start);
      if (!is_clamp) nk_unary(f.function, f.p, f.q, count, result + start, result + start);)
}

// The gradient of f's operand x · scale + shift from that of its value; the scale and shift of one channel, or of a
// channel for each element.
#define NK_GATED(SCALE, SHIFT)                                                                               \
  float lower, upper;                                                                                        \
  if (nk_is_clamp(f, &lower, &upper)) {                                                                      \
    NK_AFFINE_LOOP(SCALE, SHIFT, (!(value <= lower) && !(value >= upper) ? gradient[i] : 0.0f))              \
    return;                                                                                                  \
  }                                                                                                          \
  NK_AFFINE_LOOP(SCALE, SHIFT, value)                                                                        \
  nk_unary_gradient(f.function, f.p, f.q, count, result, gradient, result);
static inline void nk_gated_run(
    ptrdiff_t count, const float *x, float scale, float shift, niche_activation f, const float *gradient,
    float *result) {
  NK_GATED(scale, shift)
}
static inline void nk_gated_row(
    ptrdiff_t count, const float *x, const float *scale, const float *shift, niche_activation f,
    const float *gradient, float *result) {
  NK_GATED(scale[i], shift[i])
}

// Where a channel's gradients come through: its x · scale + shift lies between the bounds.
typedef struct {
  float scale, shift, lower, upper;
} nk_channel_gate;

static inline __attribute__((always_inline)) nk_vector nk_gated_vector(
    const int is_gated, nk_channel_gate gate, nk_vector x, nk_vector gradient) {
  return is_gated ? nk_gate_vector(gradient, x * gate.scale + gate.shift, gate.lower, gate.upper) : gradient;
}

static inline __attribute__((always_inline)) float nk_gated(
    const int is_gated, nk_channel_gate gate, float x, float gradient) {
  float value = x * gate.scale + gate.shift;
  return is_gated && (value <= gate.lower || value >= gate.upper) ? 0.0f : gradient;
}

// Adds Σg and Σg·(x − centre).
static inline __attribute__((always_inline)) void nk_add_gradient_moments(
    const int is_gated, ptrdiff_t count, const float *x, float centre, nk_channel_gate gate, const float *gradient,
    double *sum, double *product) {
  ptrdiff_t i = 0;
  while (count - i >= 2 * NK_WIDTH) {
    ptrdiff_t end = count - i < NK_RUN * NK_WIDTH ? count : i + NK_RUN * NK_WIDTH;
    nk_vector sums[2] = {0.0f, 0.0f}, products[2] = {0.0f, 0.0f};
    for (; i + 2 * NK_WIDTH <= end; i += 2 * NK_WIDTH) {
#pragma clang loop unroll(full)
      for (int j = 0; j < 2; j++) {
        nk_vector place = nk_load(x + i + j * NK_WIDTH);
        nk_vector g = nk_gated_vector(is_gated, gate, place, nk_load(gradient + i + j * NK_WIDTH));
        sums[j] += g;
        products[j] += g * (place - centre);
      }
    }
    *sum += nk_sum_of_vector(sums[0] + sums[1]);
    *product += nk_sum_of_vector(products[0] + products[1]);
  }
  for (; i < count; i++) {
    float g = nk_gated(is_gated, gate, x[i], gradient[i]);
    *sum += (double)g;
    *product += (double)g * (double)(x[i] - centre);
  }
}

// result = ((g − offset) − (x − centre) · slope) · scale.
typedef struct {
  float offset, centre, slope, scale;
} nk_channel_map;

static inline nk_channel_map nk_map_of(float offset, float centre, float slope, float scale) {
  nk_channel_map map = {offset, centre, slope, scale};
  return map;
}

static inline __attribute__((always_inline)) void nk_map_gradient(
    const int is_gated, ptrdiff_t count, const float *x, nk_channel_map map, nk_channel_gate gate,
    const float *gradient, float *result) {
  ptrdiff_t i = 0;
  for (; i + 16 <= count; i += 16) {
#pragma clang loop unroll(full)
    for (int j = 0; j < 16; j += NK_WIDTH) {
      nk_vector place = nk_load(x + i + j);
      nk_vector g = nk_gated_vector(is_gated, gate, place, nk_load(gradient + i + j));
      nk_store(((g - map.offset) - (place - map.centre) * map.slope) * map.scale, result + i + j);
    }
  }
  for (; i < count; i++) {
    float g = nk_gated(is_gated, gate, x[i], gradient[i]);
    result[i] = ((g - map.offset) - (x[i] - map.centre) * map.slope) * map.scale;
  }
}

// The gradients `g` of a stretch, those behind the gate if there is one.
#define NK_GATE(FUNCTION, SCALE, SHIFT)                                                       \
  const float *g = gradient + start;                                                          \
  if (gate) {                                                                                 \
    FUNCTION(count, x + start, gate->SCALE, gate->SHIFT, gate->activation, g, space);         \
    g = space;                                                                                \
  }

static void nk_channel_gradient_moments(
    ptrdiff_t images, ptrdiff_t channels, ptrdiff_t plane, ptrdiff_t begin, ptrdiff_t end, int32_t portion,
    const float *x, const float *mean, const float *gradient, const niche_gate *gate, double *sums, double *products) {
  float space[NK_CHUNK];
  nk_channel_gate bounds = {0};
  int is_bounded = gate && nk_is_clamp(gate->activation, &bounds.lower, &bounds.upper);
  for (ptrdiff_t c = begin; c < end && portion & NICHE_FIRST; c++) sums[c] = products[c] = 0;
  NK_FOR_STRETCHES(
      if (is_bounded) {
        bounds.scale = gate->scale[c];
        bounds.shift = gate->shift[c];
        nk_add_gradient_moments(1, count, x + start, mean[c], bounds, gradient + start, sums + c, products + c);
        continue;
      }
      NK_GATE(nk_gated_run, scale[c], shift[c])
      nk_add_gradient_moments(0, count, x + start, mean[c], bounds, g, sums + c, products + c);
      , NK_GATE(nk_gated_row, scale + c, shift + c)
      for (ptrdiff_t i = 0; i < count; i++) {
        sums[c + i] += (double)g[i];
        products[c + i] += (double)g[i] * (double)(x[start + i] - mean[c + i]);
      })
}

static void nk_channel_gradient(
    ptrdiff_t images, ptrdiff_t channels, ptrdiff_t plane, ptrdiff_t begin, ptrdiff_t end, const float *x,
    const float *mean, const float *gradient, const niche_gate *gate, const float *a, const float *b,
    const float *scale, float *result) {
  float space[NK_CHUNK];
  nk_channel_gate bounds = {0};
  int is_bounded = gate && nk_is_clamp(gate->activation, &bounds.lower, &bounds.upper);
  NK_FOR_STRETCHES(
      nk_channel_map map = nk_map_of(a[c], mean[c], b[c], scale[c]);
      if (is_bounded) {
        bounds.scale = gate->scale[c];
        bounds.shift = gate->shift[c];
        nk_map_gradient(1, count, x + start, map, bounds, gradient + start, result + start);
        continue;
      }
      NK_GATE(nk_gated_run, scale[c], shift[c])
      nk_map_gradient(0, count, x + start, map, bounds, g, result + start);
      , NK_GATE(nk_gated_row, scale + c, shift + c)
      NK_INDEPENDENT for (ptrdiff_t i = 0; i < count; i++) {
        result[start + i] = ((g[i] - a[c + i]) - (x[start + i] - mean[c + i]) * b[c + i]) * scale[c + i];
      })
}
