// Running sums, places of extrema and sorting along the middle axis of [outer, extent, inner].

#define NK_CUMULATIVE_SUM(NAME, ELEMENT, SUM)                                                               \
  static void NAME(                                                                                         \
      ptrdiff_t outer, ptrdiff_t extent, ptrdiff_t inner, int32_t reversed, const ELEMENT *x,               \
      ELEMENT *result) {                                                                                    \
    ptrdiff_t first = reversed ? (extent - 1) * inner : 0, step = reversed ? -inner : inner;                \
    for (ptrdiff_t block = 0; block < outer; block++, x += extent * inner, result += extent * inner) {      \
      for (ptrdiff_t column = 0; column < inner; column++) {                                                \
        SUM sum = 0;                                                                                        \
        ptrdiff_t place = first + column;                                                                   \
        for (ptrdiff_t i = 0; i < extent; i++, place += step) {                                             \
          sum += (SUM)x[place];                                                                             \
          result[place] = (ELEMENT)sum;                                                                     \
        }                                                                                                   \
      }                                                                                                     \
    }                                                                                                       \
  }
NK_CUMULATIVE_SUM(nk_cumulative_sum, float, double)
NK_CUMULATIVE_SUM(nk_cumulative_sum_integer, int32_t, uint32_t)

#define NK_ARGUMENT(NAME, ELEMENT)                                                                           \
  static void NAME(                                                                                          \
      ptrdiff_t outer, ptrdiff_t extent, ptrdiff_t inner, int32_t minimum, const ELEMENT *x,                 \
      int32_t *result) {                                                                                     \
    for (ptrdiff_t block = 0; block < outer; block++, x += extent * inner) {                                 \
      for (ptrdiff_t column = 0; column < inner; column++) {                                                 \
        ELEMENT best = x[column];                                                                            \
        ptrdiff_t place = 0;                                                                                 \
        for (ptrdiff_t i = 1; i < extent && best == best; i++) {                                             \
          ELEMENT value = x[i * inner + column];                                                             \
          if ((minimum ? value < best : value > best) || value != value) {                                   \
            best = value;                                                                                    \
            place = i;                                                                                       \
          }                                                                                                  \
        }                                                                                                    \
        *result++ = (int32_t)place;                                                                          \
      }                                                                                                      \
    }                                                                                                        \
  }
NK_ARGUMENT(nk_argument, float)
NK_ARGUMENT(nk_argument_integer, int32_t)

// Merge sort of indices from the bottom up, which is stable. A NaN lies behind every number.
#define NK_SORT(NAME, ELEMENT)                                                                               \
  static inline int NAME##_is_less(ELEMENT a, ELEMENT b) { return a < b || (b != b && a == a); }             \
  static int32_t *NAME##_order(                                                                              \
      ptrdiff_t extent, int32_t descending, const ELEMENT *keys, int32_t *from, int32_t *to) {               \
    for (ptrdiff_t i = 0; i < extent; i++) from[i] = (int32_t)i;                                             \
    for (ptrdiff_t width = 1; width < extent; width *= 2) {                                                  \
      for (ptrdiff_t start = 0; start < extent; start += 2 * width) {                                        \
        ptrdiff_t middle = start + width < extent ? start + width : extent;                                  \
        ptrdiff_t end = start + 2 * width < extent ? start + 2 * width : extent;                             \
        ptrdiff_t a = start, b = middle;                                                                     \
        for (ptrdiff_t i = start; i < end; i++) {                                                            \
          int takes_second = a >= middle;                                                                    \
          if (!takes_second && b < end) {                                                                    \
            ELEMENT left = keys[from[a]], right = keys[from[b]];                                             \
            takes_second = descending ? NAME##_is_less(left, right) : NAME##_is_less(right, left);           \
          }                                                                                                  \
          to[i] = takes_second ? from[b++] : from[a++];                                                      \
        }                                                                                                    \
      }                                                                                                      \
      int32_t *other = from;                                                                                 \
      from = to;                                                                                             \
      to = other;                                                                                            \
    }                                                                                                        \
    return from;                                                                                             \
  }                                                                                                          \
  static void NAME(                                                                                          \
      ptrdiff_t outer, ptrdiff_t extent, ptrdiff_t inner, int32_t descending, const ELEMENT *x,              \
      ELEMENT *result, int32_t *indices, void *scratch) {                                                    \
    ELEMENT *keys = scratch;                                                                                 \
    int32_t *first = (int32_t *)(keys + extent), *second = first + extent;                                   \
    for (ptrdiff_t block = 0; block < outer; block++) {                                                      \
      for (ptrdiff_t column = 0; column < inner; column++) {                                                 \
        ptrdiff_t start = block * extent * inner + column;                                                   \
        for (ptrdiff_t i = 0; i < extent; i++) keys[i] = x[start + i * inner];                               \
        int32_t *order = NAME##_order(extent, descending, keys, first, second);                              \
        for (ptrdiff_t i = 0; i < extent; i++) {                                                             \
          result[start + i * inner] = keys[order[i]];                                                        \
          indices[start + i * inner] = order[i];                                                             \
        }                                                                                                    \
      }                                                                                                      \
    }                                                                                                        \
  }
NK_SORT(nk_sort, float)
NK_SORT(nk_sort_integer, int32_t)
