// Elements chosen by a condition or by indices, and changes of their type.

// One row with operand strides 0 or 1, which are constants in each of the eight loops.
#define NK_SELECT_ROW(SC, SA, SB)                                                   \
  case (SC) * 4 + (SA) * 2 + (SB):                                                  \
    NK_INDEPENDENT for (ptrdiff_t i = 0; i < count; i++) {                          \
      result[i] = condition[(SC) ? i : 0] != 0 ? a[(SA) ? i : 0] : b[(SB) ? i : 0]; \
    }                                                                               \
    break;

static void nk_select_row(
    ptrdiff_t count, ptrdiff_t condition_stride, ptrdiff_t a_stride, ptrdiff_t b_stride, const float *condition,
    const uint32_t *a, const uint32_t *b, uint32_t *result) {
  switch (condition_stride * 4 + a_stride * 2 + b_stride) {
    NK_SELECT_ROW(0, 0, 0)
    NK_SELECT_ROW(0, 0, 1)
    NK_SELECT_ROW(0, 1, 0)
    NK_SELECT_ROW(0, 1, 1)
    NK_SELECT_ROW(1, 0, 0)
    NK_SELECT_ROW(1, 0, 1)
    NK_SELECT_ROW(1, 1, 0)
    NK_SELECT_ROW(1, 1, 1)
  }
}

static void nk_select(
    ptrdiff_t rank, const ptrdiff_t *extents, const ptrdiff_t *condition_strides, const ptrdiff_t *a_strides,
    const ptrdiff_t *b_strides, const float *condition, const void *a, const void *b, void *result) {
  const uint32_t *left = a, *right = b;
  uint32_t *to = result;
  if (rank == 0) {
    to[0] = condition[0] != 0 ? left[0] : right[0];
    return;
  }
  ptrdiff_t inner = rank - 1, count = extents[inner], c = 0, l = 0, r = 0, unused = 0;
  ptrdiff_t counters[NICHE_MAXIMUM_RANK] = {0}, others[NICHE_MAXIMUM_RANK] = {0}, zeros[NICHE_MAXIMUM_RANK] = {0};
  do {
    nk_select_row(
        count, condition_strides[inner], a_strides[inner], b_strides[inner], condition + c, left + l, right + r, to);
    to += count;
    nk_step(inner, extents, b_strides, zeros, others, &r, &unused);
  } while (nk_step(inner, extents, condition_strides, a_strides, counters, &c, &l));
}

static void nk_cast_to_integer(ptrdiff_t count, const void *x, void *result) {
  const float *from = x;
  int32_t *to = result;
  NK_INDEPENDENT for (ptrdiff_t i = 0; i < count; i++) {
    float value = from[i];
    int fits = value > -2147483648.0f && value < 2147483648.0f;
    int32_t limit = value != value ? 0 : value > 0 ? INT32_MAX : INT32_MIN;
    int32_t whole = (int32_t)(fits ? value : 0.0f);
    to[i] = fits ? whole : limit;
  }
}

static void nk_cast_to_float(ptrdiff_t count, const void *x, void *result) {
  const int32_t *from = x;
  float *to = result;
  NK_INDEPENDENT for (ptrdiff_t i = 0; i < count; i++) to[i] = (float)from[i];
}

static ptrdiff_t nk_index_outside(ptrdiff_t count, ptrdiff_t extent, const int32_t *indices) {
  for (ptrdiff_t i = 0; i < count; i++) {
    if (indices[i] < 0 || indices[i] >= extent) return i;
  }
  return -1;
}

// Does BODY for every index, with `place` where it points to.
#define NK_FOR_INDICES(BODY)                                                                             \
  static const ptrdiff_t one[1] = {1}, none[1] = {0};                                                    \
  if (rank == 0) {                                                                                       \
    extents = one;                                                                                       \
    strides = none;                                                                                      \
    rank = 1;                                                                                            \
  }                                                                                                      \
  ptrdiff_t inner = rank - 1, count = extents[inner], stride = strides[inner], start = 0, unused = 0;    \
  ptrdiff_t counters[NICHE_MAXIMUM_RANK] = {0}, zeros[NICHE_MAXIMUM_RANK] = {0};                         \
  do {                                                                                                   \
    for (ptrdiff_t i = 0; i < count; i++) {                                                              \
      ptrdiff_t place = start + i * stride + indices[i] * axis_stride;                                   \
      BODY                                                                                               \
    }                                                                                                    \
    indices += count;                                                                                    \
  } while (nk_step(inner, extents, strides, zeros, counters, &start, &unused));

static void nk_gather(
    ptrdiff_t rank, const ptrdiff_t *extents, const ptrdiff_t *strides, ptrdiff_t axis_stride,
    const int32_t *indices, const void *x, void *result) {
  const uint32_t *from = x;
  uint32_t *to = result;
  NK_FOR_INDICES({ *to++ = from[place]; })
}

static void nk_scatter_add(
    ptrdiff_t rank, const ptrdiff_t *extents, const ptrdiff_t *strides, ptrdiff_t axis_stride,
    const int32_t *indices, const float *gradient, float *result) {
  NK_FOR_INDICES({ result[place] += *gradient++; })
}

static void nk_take(
    ptrdiff_t outer, ptrdiff_t extent, ptrdiff_t inner, ptrdiff_t count, const int32_t *indices, const void *x,
    void *result) {
  const uint32_t *from = x;
  uint32_t *to = result;
  for (ptrdiff_t block = 0; block < outer; block++, from += extent * inner) {
    if (inner == 1) {
      for (ptrdiff_t i = 0; i < count; i++) *to++ = from[indices[i]];
    } else {
      for (ptrdiff_t i = 0; i < count; i++, to += inner) {
        memcpy(to, from + indices[i] * inner, (size_t)inner * sizeof *to);
      }
    }
  }
}

static void nk_take_gradient(
    ptrdiff_t outer, ptrdiff_t extent, ptrdiff_t inner, ptrdiff_t count, const int32_t *indices,
    const float *gradient, float *result) {
  for (ptrdiff_t block = 0; block < outer; block++, result += extent * inner) {
    if (inner == 1) {
      for (ptrdiff_t i = 0; i < count; i++) result[indices[i]] += *gradient++;
      continue;
    }
    for (ptrdiff_t i = 0; i < count; i++, gradient += inner) {
      float *to = result + indices[i] * inner;
      NK_INDEPENDENT for (ptrdiff_t j = 0; j < inner; j++) to[j] += gradient[j];
    }
  }
}
