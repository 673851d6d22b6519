// Blocks of images: [N/16, …, 16] in place of [N, …], so that a vector holds one place of sixteen images.
//
// No place of an image has a neighbour in its vector, so windows of any size, stride and border, and any number of
// channels, fill the vectors and need no shuffles.

#define NK_LANES NICHE_BLOCK_SIZE

typedef float nk_vector __attribute__((ext_vector_type(NK_WIDTH), aligned(4), may_alias));
typedef float nk_quad __attribute__((ext_vector_type(4), aligned(4), may_alias));

typedef int32_t nk_integers __attribute__((ext_vector_type(NK_WIDTH), aligned(4), may_alias));

static inline nk_vector nk_load(const float *from) { return *(const nk_vector *)from; }
static inline void nk_store(nk_vector value, float *to) { *(nk_vector *)to = value; }

// a where the mask is −1, b where it is 0.
static inline nk_vector nk_choose(nk_integers mask, nk_vector a, nk_vector b) {
  return (nk_vector)(((nk_integers)a & mask) | ((nk_integers)b & ~mask));
}

// x between two bounds, NaN for none; NaN stays what it is.
static inline nk_vector nk_clamp_vector(nk_vector x, nk_vector lower, nk_vector upper) {
  x = nk_choose(x < lower, lower, x);
  return nk_choose(x > upper, upper, x);
}

// What becomes of results before they are stored; residual and gate have their places as the results have from `begin`.
typedef struct {
  const float *residual, *gate;
  niche_bounds bounds;
  int is_bounded;
  const float *begin;  // null where results go on being computed
} nk_finish;

static const nk_finish nk_as_it_is = {.bounds = {NAN, NAN}};

static inline nk_finish nk_finish_of(const niche_finish *f, const float *begin) {
  nk_finish finish = {f->residual, f->gate, f->bounds, 0, begin};
  finish.is_bounded = f->bounds.lower == f->bounds.lower || f->bounds.upper == f->bounds.upper;
  return finish;
}

// 0 where the gate is not between the bounds.
static inline nk_vector nk_gate_vector(nk_vector x, nk_vector gate, nk_vector lower, nk_vector upper) {
  const nk_vector zero = 0.0f;
  return nk_choose((nk_integers)(gate <= lower) | (nk_integers)(gate >= upper), zero, x);
}

// By value, since whatever is stored through a pointer to floats might change what another points to.
static inline __attribute__((always_inline)) nk_vector nk_finished(
    const nk_finish f, nk_vector value, const float *place) {
  nk_vector lower = f.bounds.lower, upper = f.bounds.upper;
  if (f.residual) value += nk_load(f.residual + (place - f.begin));
  if (f.gate) return nk_gate_vector(value, nk_load(f.gate + (place - f.begin)), lower, upper);
  return f.is_bounded ? nk_clamp_vector(value, lower, upper) : value;
}

// Adds the halves of each group of `2 · SIZE` lanes: those of a, then those of b.
#define NK_FOLD(a, b, LOW, HIGH) (__builtin_shufflevector(a, b, LOW) + __builtin_shufflevector(a, b, HIGH))
#if NK_WIDTH == 16
#define NK_FOLDS 4
#define NK_FOLD_0(a, b) \
  NK_FOLD(a, b, NK_LIST(0, 1, 2, 3, 4, 5, 6, 7, 16, 17, 18, 19, 20, 21, 22, 23), \
          NK_LIST(8, 9, 10, 11, 12, 13, 14, 15, 24, 25, 26, 27, 28, 29, 30, 31))
#define NK_FOLD_1(a, b) \
  NK_FOLD(a, b, NK_LIST(0, 1, 2, 3, 8, 9, 10, 11, 16, 17, 18, 19, 24, 25, 26, 27), \
          NK_LIST(4, 5, 6, 7, 12, 13, 14, 15, 20, 21, 22, 23, 28, 29, 30, 31))
#define NK_FOLD_2(a, b) \
  NK_FOLD(a, b, NK_LIST(0, 1, 4, 5, 8, 9, 12, 13, 16, 17, 20, 21, 24, 25, 28, 29), \
          NK_LIST(2, 3, 6, 7, 10, 11, 14, 15, 18, 19, 22, 23, 26, 27, 30, 31))
#define NK_FOLD_3(a, b) \
  NK_FOLD(a, b, NK_LIST(0, 2, 4, 6, 8, 10, 12, 14, 16, 18, 20, 22, 24, 26, 28, 30), \
          NK_LIST(1, 3, 5, 7, 9, 11, 13, 15, 17, 19, 21, 23, 25, 27, 29, 31))
#elif NK_WIDTH == 8
#define NK_FOLDS 3
// Within halves first: what crosses them takes longer.
#define NK_FOLD_0(a, b) NK_FOLD(a, b, NK_LIST(0, 1, 8, 9, 4, 5, 12, 13), NK_LIST(2, 3, 10, 11, 6, 7, 14, 15))
#define NK_FOLD_1(a, b) NK_FOLD(a, b, NK_LIST(0, 2, 8, 10, 4, 6, 12, 14), NK_LIST(1, 3, 9, 11, 5, 7, 13, 15))
#define NK_FOLD_2(a, b) NK_FOLD(a, b, NK_LIST(0, 1, 2, 3, 8, 9, 10, 11), NK_LIST(4, 5, 6, 7, 12, 13, 14, 15))
#define NK_FOLD_3(a, b) (a)
#else
#define NK_FOLDS 2
#define NK_FOLD_0(a, b) NK_FOLD(a, b, NK_LIST(0, 1, 4, 5), NK_LIST(2, 3, 6, 7))
#define NK_FOLD_1(a, b) NK_FOLD(a, b, NK_LIST(0, 2, 4, 6), NK_LIST(1, 3, 5, 7))
#define NK_FOLD_2(a, b) (a)
#define NK_FOLD_3(a, b) (a)
#endif
#define NK_LIST(...) __VA_ARGS__

// The sums of the lanes of up to 32 vectors, which are lost; `results` has room for 32.
static inline __attribute__((always_inline)) void nk_sum_lanes(const int count, nk_vector *vectors, float *results) {
  int left = count;
#pragma clang loop unroll(full)
  for (int fold = 0; fold < NK_FOLDS; fold++) {
    left = (left + 1) / 2;
#pragma clang loop unroll(full)
    for (int i = 0; i < left; i++) {
      nk_vector a = vectors[2 * i], b = vectors[2 * i + 1];
      vectors[i] = fold == 0   ? NK_FOLD_0(a, b)
                   : fold == 1 ? NK_FOLD_1(a, b)
                   : fold == 2 ? NK_FOLD_2(a, b)
                               : NK_FOLD_3(a, b);
    }
  }
#pragma clang loop unroll(full)
  for (int i = 0; i < left; i++) nk_store(vectors[i], results + i * NK_WIDTH);
}

// Four rows of four to four columns.
static inline void nk_transpose_quads(
    const float *from, ptrdiff_t from_step, float *to, ptrdiff_t to_step) {
  nk_quad a = *(const nk_quad *)from, b = *(const nk_quad *)(from + from_step);
  nk_quad c = *(const nk_quad *)(from + 2 * from_step), d = *(const nk_quad *)(from + 3 * from_step);
  nk_quad ab_low = __builtin_shufflevector(a, b, 0, 4, 1, 5), ab_high = __builtin_shufflevector(a, b, 2, 6, 3, 7);
  nk_quad cd_low = __builtin_shufflevector(c, d, 0, 4, 1, 5), cd_high = __builtin_shufflevector(c, d, 2, 6, 3, 7);
  *(nk_quad *)to = __builtin_shufflevector(ab_low, cd_low, 0, 1, 4, 5);
  *(nk_quad *)(to + to_step) = __builtin_shufflevector(ab_low, cd_low, 2, 3, 6, 7);
  *(nk_quad *)(to + 2 * to_step) = __builtin_shufflevector(ab_high, cd_high, 0, 1, 4, 5);
  *(nk_quad *)(to + 3 * to_step) = __builtin_shufflevector(ab_high, cd_high, 2, 3, 6, 7);
}

// Sixteen places at a time, so that a cache line is done with before others of the same set take its place.
static void nk_to_blocks(ptrdiff_t images, ptrdiff_t size, const float *x, float *result) {
  for (; images >= NK_LANES; images -= NK_LANES, x += NK_LANES * size, result += NK_LANES * size) {
    ptrdiff_t place = 0;
    for (; place + 16 <= size; place += 16) {
      for (ptrdiff_t lane = 0; lane < NK_LANES; lane += 4) {
        for (ptrdiff_t i = place; i < place + 16; i += 4) {
          nk_transpose_quads(x + lane * size + i, size, result + i * NK_LANES + lane, NK_LANES);
        }
      }
    }
    for (; place < size; place++) {
      for (ptrdiff_t lane = 0; lane < NK_LANES; lane++) result[place * NK_LANES + lane] = x[lane * size + place];
    }
  }
  if (images == 0) return;
  for (ptrdiff_t place = 0; place < size; place++, result += NK_LANES) {
    for (ptrdiff_t lane = 0; lane < images; lane++) result[lane] = x[lane * size + place];
    for (ptrdiff_t lane = images; lane < NK_LANES; lane++) result[lane] = 0;
  }
}

static void nk_from_blocks(ptrdiff_t images, ptrdiff_t size, const float *x, float *result) {
  for (; images >= NK_LANES; images -= NK_LANES, x += NK_LANES * size, result += NK_LANES * size) {
    ptrdiff_t place = 0;
    for (; place + 16 <= size; place += 16) {
      for (ptrdiff_t lane = 0; lane < NK_LANES; lane += 4) {
        for (ptrdiff_t i = place; i < place + 16; i += 4) {
          nk_transpose_quads(x + i * NK_LANES + lane, NK_LANES, result + lane * size + i, size);
        }
      }
    }
    for (; place < size; place++) {
      for (ptrdiff_t lane = 0; lane < NK_LANES; lane++) result[lane * size + place] = x[place * NK_LANES + lane];
    }
  }
  for (ptrdiff_t place = 0; place < size; place++) {
    for (ptrdiff_t lane = 0; lane < images; lane++) result[lane * size + place] = x[place * NK_LANES + lane];
  }
}

static void nk_clear_lanes(ptrdiff_t size, ptrdiff_t first, float *result) {
  for (ptrdiff_t place = 0; place < size; place++, result += NK_LANES) {
    for (ptrdiff_t lane = first; lane < NK_LANES; lane++) result[lane] = 0;
  }
}
