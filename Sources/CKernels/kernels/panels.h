// The products that convolutions over blocks of images consist of, where the channels of a pixel lie one behind the
// other: a panel. One call computes some rows for all pixels, with as few instructions beside the products as can be.

// A tile has so many rows, and the vectors of so many pixels; its sums fill the registers.
#if NK_WIDTH == 16
#define NK_PANEL_ROWS 8
#define NK_PANEL_PIXELS 3
#define NK_PANEL_VECTORS 3
#else
#define NK_PANEL_ROWS 6
#define NK_PANEL_PIXELS 1
#define NK_PANEL_VECTORS 2
#endif

// How many elements of the sums are added between two jumps.
#define NK_PANEL_STEPS 4

// result[row][pixel] = Σ_k weights[k][row] · x[pixel][k]
typedef struct {
  ptrdiff_t depth, pixels;
  ptrdiff_t pixel_step;  // from one panel to the next
  ptrdiff_t result_row_step, result_pixel_step;
} nk_panels;

// One element of the sums.
static inline __attribute__((always_inline)) void nk_panel_add(
    const int rows, const int vectors, const int is_first, const float *weights, const float *const *from,
    nk_vector (*sums)[NK_PANEL_VECTORS]) {
  nk_vector values[NK_PANEL_VECTORS];
#pragma clang loop unroll(full)
  for (int j = 0; j < vectors; j++) values[j] = nk_load(from[j]);
#pragma clang loop unroll(full)
  for (int i = 0; i < rows; i++) {
    float weight = weights[i];
#pragma clang loop unroll(full)
    for (int j = 0; j < vectors; j++) sums[i][j] = is_first ? values[j] * weight : sums[i][j] + values[j] * weight;
  }
}

// Vectors `step` apart.
static inline __attribute__((always_inline)) void nk_panel_tile(
    const int rows, const int vectors, const nk_panels *p, const float *weights, const float *x, ptrdiff_t step,
    float *result, ptrdiff_t result_step) {
  nk_vector sums[NK_PANEL_ROWS][NK_PANEL_VECTORS];
  const float *from[NK_PANEL_VECTORS];
#pragma clang loop unroll(full)
  for (int j = 0; j < vectors; j++) from[j] = x + j * step;
  ptrdiff_t k = p->depth;
#define NK_PANEL_ADD(IS_FIRST)                                        \
  do {                                                                \
    nk_panel_add(rows, vectors, IS_FIRST, weights, from, sums);       \
    weights += rows;                                                  \
    for (int j = 0; j < vectors; j++) from[j] += NK_LANES;            \
  } while (0)
  NK_PANEL_ADD(1);
  k--;
#pragma clang loop unroll(disable)
  for (; k >= NK_PANEL_STEPS; k -= NK_PANEL_STEPS) {
#pragma clang loop unroll(full)
    for (int i = 0; i < NK_PANEL_STEPS; i++) NK_PANEL_ADD(0);
  }
#pragma clang loop unroll(disable)
  for (; k > 0; k--) NK_PANEL_ADD(0);
#undef NK_PANEL_ADD
  ptrdiff_t row_step = p->result_row_step;
#pragma clang loop unroll(full)
  for (int i = 0; i < rows; i++) {
#pragma clang loop unroll(full)
    for (int j = 0; j < vectors; j++) nk_store(sums[i][j], result + i * row_step + j * result_step);
  }
}

static inline __attribute__((always_inline)) void nk_panel_product(
    const int rows, const nk_panels *panels, const float *weights, const float *x, float *result) {
  const nk_panels p = *panels;
  ptrdiff_t pixels = p.pixels;
#if NK_WIDTH == NK_LANES
  for (; pixels >= NK_PANEL_PIXELS; pixels -= NK_PANEL_PIXELS) {
    nk_panel_tile(rows, NK_PANEL_PIXELS, &p, weights, x, p.pixel_step, result, p.result_pixel_step);
    x += NK_PANEL_PIXELS * p.pixel_step;
    result += NK_PANEL_PIXELS * p.result_pixel_step;
  }
  if (pixels == 2) nk_panel_tile(rows, 2, &p, weights, x, p.pixel_step, result, p.result_pixel_step);
  if (pixels == 1) nk_panel_tile(rows, 1, &p, weights, x, p.pixel_step, result, p.result_pixel_step);
#else
#pragma clang loop unroll(disable)
  for (; pixels > 0; pixels--, x += p.pixel_step, result += p.result_pixel_step) {
    for (int lane = 0; lane < NK_LANES; lane += 2 * NK_WIDTH) {
      nk_panel_tile(rows, 2, &p, weights, x + lane, NK_WIDTH, result + lane, NK_WIDTH);
    }
  }
#endif
}

#define NK_PANEL_PRODUCT(ROWS)                                                                                       \
  static void nk_panel_product_##ROWS(const nk_panels *p, const float *weights, const float *x, float *result) { \
    if (ROWS <= NK_PANEL_ROWS) nk_panel_product(ROWS, p, weights, x, result);                                    \
  }
#define NK_FOR_PANEL_ROWS(X) X(1) X(2) X(3) X(4) X(5) X(6) X(7) X(8)
NK_FOR_PANEL_ROWS(NK_PANEL_PRODUCT)
#define NK_PANEL_ENTRY(ROWS) nk_panel_product_##ROWS,
static void (*const nk_panel_products[8])(const nk_panels *, const float *, const float *, float *) = {
    NK_FOR_PANEL_ROWS(NK_PANEL_ENTRY)};
