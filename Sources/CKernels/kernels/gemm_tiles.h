// The tiles of products of dense matrices, which stay in registers, and what is fetched into the cache meanwhile.

#define NK_GEMM_ROWS NICHE_GEMM_ROWS(NK_WIDTH)
#define NK_GEMM_PANEL (2 * NK_WIDTH)

// So many columns in whole panels.
static inline ptrdiff_t nk_gemm_padded(ptrdiff_t columns) {
  return (columns + NK_GEMM_PANEL - 1) / NK_GEMM_PANEL * NK_GEMM_PANEL;
}

// Up to how many rows or columns an operand's other side has that is not packed.
#define NK_GEMM_FEW_ROWS (6 * NK_GEMM_ROWS)
#define NK_GEMM_FEW_COLUMNS (3 * NK_GEMM_PANEL)

// The most sums in a panel of a transposed left operand.
#define NK_GEMM_TRANSPOSED_DEPTH 320

// How many elements of the sums are added between two looks at what is fetched: where a vector is short, an element
// takes too little time for both.
#define NK_GEMM_STEPS (NK_WIDTH == 16 ? 1 : 4)

// Whether packed operands get loops of their own, in which their steps are known. Where a core's other thread is busy,
// the processor takes half as many instructions; of short vectors a product then takes more time for those beside it
// than for itself.
#define NK_GEMM_LEAN (NK_WIDTH != 16)

// Up to how many elements of the sums a panel of the right operand has that stays in the first-level cache.
#define NK_GEMM_KEPT_DEPTH (NK_WIDTH == 16 ? 0 : 320)

// What a tile is added to.
enum nk_gemm_start { NK_GEMM_ZERO, NK_GEMM_BIAS, NK_GEMM_RESULT };

// An operand: `count` rows of `depth` elements, each with its step; one of the steps is 1.
typedef struct {
  const float *elements;
  ptrdiff_t step, depth_step;
} nk_gemm_operand;

// Lines of memory that are packed later, to be brought into the second-level cache while tiles are computed.
typedef struct {
  const float *at, *end;  // in the present row
  ptrdiff_t step, skip;   // from the end of a row to that of the next, and to its begin
  ptrdiff_t share;        // how many lines a tile asks for
} nk_gemm_prefetch;

#define NK_GEMM_LINE 16

// A panel of the left operand: `rows` rows from `row` on, whose elements of one sum lie `step` behind the last one's.
typedef struct {
  const float *left;
  ptrdiff_t step, rows, row;
} nk_gemm_panel;

static nk_gemm_prefetch nk_gemm_ahead(nk_gemm_operand x, ptrdiff_t count, ptrdiff_t depth, ptrdiff_t tiles) {
  int is_along = x.depth_step != 1;
  ptrdiff_t rows = is_along ? depth : count, length = is_along ? count : depth;
  ptrdiff_t lines = (length + 2 * NK_GEMM_LINE - 2) / NK_GEMM_LINE;
  nk_gemm_prefetch ahead = {.at = x.elements, .end = x.elements + lines * NK_GEMM_LINE};
  ahead.step = is_along ? x.depth_step : x.step;
  ahead.skip = ahead.step - lines * NK_GEMM_LINE;
  ahead.share = nk_parts(rows * lines, tiles);
  return ahead;
}

// `to` receives left · right plus what it starts from; `columns` of its columns are there.
typedef struct {
  ptrdiff_t depth;
  const float *left, *right;
  ptrdiff_t left_step, right_step;  // from one element of the sums to the next
  const float *bias;
  enum nk_gemm_start start;
  float *to;
  ptrdiff_t step, columns;
} nk_gemm_tile;

// One element of the sums.
static inline __attribute__((always_inline)) void nk_gemm_add(
    const int rows, const int vectors, const float *left, const float *right, nk_vector (*sums)[2]) {
  nk_vector values[2];
#pragma clang loop unroll(full)
  for (int j = 0; j < vectors; j++) values[j] = nk_load(right + j * NK_WIDTH);
#pragma clang loop unroll(full)
  for (int i = 0; i < rows; i++) {
    float factor = left[i];
#pragma clang loop unroll(full)
    for (int j = 0; j < vectors; j++) sums[i][j] += values[j] * factor;
  }
}

// So many elements of packed operands as lie between two looks at what is fetched; the right one comes from the
// second-level cache or is in the first.
static inline __attribute__((always_inline)) void nk_gemm_add_group(
    const int rows, const int vectors, const int comes, const float **left, const float **right,
    nk_vector (*sums)[2]) {
  const ptrdiff_t width = vectors * NK_WIDTH;
#pragma clang loop unroll(full)
  for (int step = 0; step < NK_GEMM_STEPS; step++) {
    if (comes) __builtin_prefetch(*right + (8 + step) * width);
    nk_gemm_add(rows, vectors, *left + step * rows, *right + step * width, sums);
  }
  *left += NK_GEMM_STEPS * rows;
  *right += NK_GEMM_STEPS * width;
}

// Asks for the next line, while there are any of the tile's share.
static inline __attribute__((always_inline)) void nk_gemm_fetch(nk_gemm_prefetch *fetch) {
  __builtin_prefetch(fetch->at, 0, 2);
  fetch->at += fetch->share > 0 ? NK_GEMM_LINE : 0;
  fetch->share--;
  ptrdiff_t is_row = -(ptrdiff_t)(fetch->at >= fetch->end);
  fetch->at += fetch->skip & is_row;
  fetch->end += fetch->step & is_row;
}

static inline __attribute__((always_inline)) void nk_gemm_run_tile(
    const int rows, const int vectors, const nk_gemm_tile *t, nk_gemm_prefetch *later) {
  nk_vector sums[NK_GEMM_ROWS][2];
#pragma clang loop unroll(full)
  for (int i = 0; i < rows; i++) {
#pragma clang loop unroll(full)
    for (int j = 0; j < vectors; j++) sums[i][j] = 0.0f;
  }
  const float *left = t->left, *right = t->right;
  ptrdiff_t left_step = t->left_step, right_step = t->right_step;
  // A row of the result with each step, since more at a time than the cache can ask for would wait.
  const float *ahead = t->to, *last = ahead + (rows - 1) * t->step;
  nk_gemm_prefetch fetch = *later;
  ptrdiff_t k = t->depth;
  if (NK_GEMM_LEAN && left_step == rows && right_step == vectors * NK_WIDTH) {
    // Of packed operands: as few instructions beside the products as there can be, what is fetched first, and that one
    // after the other where there is time for it.
    ptrdiff_t groups = k / NK_GEMM_STEPS, lines = fetch.share > 0 ? fetch.share : 0, both = 0;
    k %= NK_GEMM_STEPS;
    if (groups < rows + lines) {
      both = lines > rows ? lines : rows;
      if (both > groups) both = groups;
      groups -= both;
      lines = 0;
    } else {
      groups -= rows + lines;
#pragma clang loop unroll(disable)
      for (int i = 0; i < rows; i++, ahead += t->step) {
        __builtin_prefetch(ahead, 1);
        __builtin_prefetch(ahead + vectors * NK_WIDTH - 1, 1);
        nk_gemm_add_group(rows, vectors, 1, &left, &right, sums);
      }
    }
    for (; both > 0; both--) {
      __builtin_prefetch(ahead, 1);
      __builtin_prefetch(ahead + vectors * NK_WIDTH - 1, 1);
      ahead = ahead < last ? ahead + t->step : last;
      nk_gemm_fetch(&fetch);
      nk_gemm_add_group(rows, vectors, 1, &left, &right, sums);
    }
    for (; lines > 0; lines--) {
      nk_gemm_fetch(&fetch);
      nk_gemm_add_group(rows, vectors, 1, &left, &right, sums);
    }
    if (t->depth > NK_GEMM_KEPT_DEPTH) {
      for (; groups > 0; groups--) nk_gemm_add_group(rows, vectors, 1, &left, &right, sums);
    } else {
      for (; groups > 0; groups--) nk_gemm_add_group(rows, vectors, 0, &left, &right, sums);
    }
  } else {
    for (; k >= NK_GEMM_STEPS; k -= NK_GEMM_STEPS) {
      __builtin_prefetch(ahead, 1);
      __builtin_prefetch(ahead + vectors * NK_WIDTH - 1, 1);
      ahead = ahead < last ? ahead + t->step : last;
      nk_gemm_fetch(&fetch);
#pragma clang loop unroll(full)
      for (int step = 0; step < NK_GEMM_STEPS; step++) {
        __builtin_prefetch(right + 8 * right_step);
        nk_gemm_add(rows, vectors, left, right, sums);
        left += left_step;
        right += right_step;
      }
    }
  }
  for (; k > 0; k--) {
    nk_gemm_add(rows, vectors, left, right, sums);
    left += left_step;
    right += right_step;
  }
  later->at = fetch.at;
  later->end = fetch.end;
  float *to = t->to;
  ptrdiff_t step = t->step;
  if (t->start == NK_GEMM_BIAS) {
#pragma clang loop unroll(full)
    for (int j = 0; j < vectors; j++) {
      nk_vector bias;
      if (t->columns == vectors * NK_WIDTH) {
        bias = nk_load(t->bias + j * NK_WIDTH);
      } else {
        float values[NK_WIDTH] = {0};
        for (int lane = 0; lane < NK_WIDTH && j * NK_WIDTH + lane < t->columns; lane++) {
          values[lane] = t->bias[j * NK_WIDTH + lane];
        }
        bias = nk_load(values);
      }
#pragma clang loop unroll(full)
      for (int i = 0; i < rows; i++) sums[i][j] += bias;
    }
  }
  if (t->columns == vectors * NK_WIDTH) {
    if (t->start == NK_GEMM_RESULT) {
#pragma clang loop unroll(full)
      for (int i = 0; i < rows; i++) {
#pragma clang loop unroll(full)
        for (int j = 0; j < vectors; j++) sums[i][j] += nk_load(to + i * step + j * NK_WIDTH);
      }
    }
#pragma clang loop unroll(full)
    for (int i = 0; i < rows; i++) {
#pragma clang loop unroll(full)
      for (int j = 0; j < vectors; j++) nk_store(sums[i][j], to + i * step + j * NK_WIDTH);
    }
    return;
  }
  float row[NK_GEMM_PANEL];
#pragma clang loop unroll(full)
  for (int i = 0; i < rows; i++) {
#pragma clang loop unroll(full)
    for (int j = 0; j < vectors; j++) nk_store(sums[i][j], row + j * NK_WIDTH);
    float *place = to + i * step;
    if (t->start == NK_GEMM_RESULT) {
      for (ptrdiff_t j = 0; j < t->columns; j++) place[j] += row[j];
    } else {
      memcpy(place, row, (size_t)t->columns * sizeof *row);
    }
  }
}

// A function for each size of tile that fits the registers; others are never called.
#define NK_GEMM_TILE(ROWS)                                                         \
  static void nk_gemm_tile_##ROWS##_1(const nk_gemm_tile *t, nk_gemm_prefetch *later) {                     \
    if (ROWS <= NK_GEMM_ROWS) nk_gemm_run_tile(ROWS, 1, t, later);                        \
  }                                                                                \
  static void nk_gemm_tile_##ROWS##_2(const nk_gemm_tile *t, nk_gemm_prefetch *later) {                     \
    if (ROWS <= NK_GEMM_ROWS) nk_gemm_run_tile(ROWS, 2, t, later);                        \
  }
#define NK_FOR_GEMM_TILES(X) X(1) X(2) X(3) X(4) X(5) X(6) X(7) X(8) X(9) X(10) X(11) X(12) X(13) X(14)
NK_FOR_GEMM_TILES(NK_GEMM_TILE)
#define NK_GEMM_ENTRY(ROWS) {nk_gemm_tile_##ROWS##_1, nk_gemm_tile_##ROWS##_2},
static void (*const nk_gemm_tiles[14][2])(const nk_gemm_tile *, nk_gemm_prefetch *) = {NK_FOR_GEMM_TILES(NK_GEMM_ENTRY)};
