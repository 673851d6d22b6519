// Blocks of images: [N/16, …, 16] in place of [N, …], so that a vector holds one place of sixteen images.
//
// No place of an image has a neighbour in its vector, so windows of any size, stride and border, and any number of
// channels, fill the vectors and need no shuffles.

#define NK_LANES NICHE_BLOCK_SIZE

typedef float nk_vector __attribute__((ext_vector_type(NK_WIDTH), aligned(4), may_alias));
typedef float nk_quad __attribute__((ext_vector_type(4), aligned(4), may_alias));

static inline nk_vector nk_load(const float *from) { return *(const nk_vector *)from; }
static inline void nk_store(nk_vector value, float *to) { *(nk_vector *)to = value; }

static inline float nk_sum_of_lanes(nk_vector value) {
  nk_quad sum = ((const nk_quad *)&value)[0];
  for (int i = 1; i < NK_WIDTH / 4; i++) sum += ((const nk_quad *)&value)[i];
  return (sum.x + sum.z) + (sum.y + sum.w);
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
static void nk_to_blocks(ptrdiff_t blocks, ptrdiff_t size, const float *x, float *result) {
  for (ptrdiff_t block = 0; block < blocks; block++, x += NK_LANES * size, result += NK_LANES * size) {
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
}

static void nk_from_blocks(ptrdiff_t blocks, ptrdiff_t size, const float *x, float *result) {
  for (ptrdiff_t block = 0; block < blocks; block++, x += NK_LANES * size, result += NK_LANES * size) {
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
}
