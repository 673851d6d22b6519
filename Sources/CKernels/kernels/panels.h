// The products that convolutions over blocks of images consist of. They read panels: what a pixel's sums are made of,
// one element behind the other. One call computes some rows for all pixels, with as few instructions beside the products
// as can be; where pixels are not panels yet, the first of several parts of the rows reads them where they lie and
// leaves panels to the others, which costs little beside its products.

// A tile has so many rows; its sums fill the registers.
#if NK_WIDTH == 16
#define NK_PANEL_ROWS 8
#define NK_PANEL_SUMS 24
#else
#define NK_PANEL_ROWS 6
#define NK_PANEL_SUMS 12
#endif
#define NK_PANEL_VECTORS 6
// The vectors of a pixel that a tile has, and the pixels.
#define NK_PIXEL_VECTORS (NK_LANES / NK_WIDTH < 2 ? NK_LANES / NK_WIDTH : 2)
#define NK_TILE_VECTORS(ROWS) \
  (NK_PANEL_SUMS / (ROWS) < NK_PANEL_VECTORS ? NK_PANEL_SUMS / (ROWS) : NK_PANEL_VECTORS)
#define NK_TILE_PIXELS(ROWS) (NK_TILE_VECTORS(ROWS) / NK_PIXEL_VECTORS)

// How many elements of the sums are added between two jumps: of several, the compiler loads some ahead, for which
// there are no registers where pixels are read in place.
#define NK_PANEL_STEPS(ROWS, ELEMENTS) ((ELEMENTS) == NK_PANEL ? 4 : 2 * (ROWS) > NK_PANEL_ROWS ? 2 : 1)
// The most pixels that are done at a time, so that what is fetched meanwhile stays in the cache.
#define NK_RUN_PIXELS 48

// The size of part `index` of `total` in `parts` parts of about the same size.
static inline ptrdiff_t nk_part(ptrdiff_t total, ptrdiff_t parts, ptrdiff_t index) {
  return total / parts + (index < total % parts);
}
static inline ptrdiff_t nk_parts(ptrdiff_t total, ptrdiff_t most) { return (total + most - 1) / most; }

// Where the elements of a pixel's sums lie: one behind the other; at offsets; or at offsets, and they are copied to a
// panel.
enum nk_elements { NK_PANEL, NK_IN_PLACE, NK_GATHERED };

// result[row][pixel] = bias[row] + Σ_k weights[k][row] · x[pixel][k], finished if they are results.
typedef struct {
  ptrdiff_t depth, pixels;
  ptrdiff_t pixel_step, panel_step;  // from one pixel to the next
  ptrdiff_t result_row_step, result_pixel_step;
  const ptrdiff_t *offsets;
  ptrdiff_t result_ahead;  // how far from the results those lie that are fetched into the cache meanwhile
  ptrdiff_t pixels_ahead;  // how many pixels behind a tile's first one those lie that are fetched, or 0 for none
  float *panels;
  const nk_finish *finish;
} nk_panels;

// One element of the sums, or the first one.
static inline __attribute__((always_inline)) void nk_panel_add(
    const int rows, const int vectors, const int is_first, const float *weights, const nk_vector *values,
    nk_vector (*sums)[NK_PANEL_VECTORS]) {
#pragma clang loop unroll(full)
  for (int i = 0; i < rows; i++) {
    float weight = weights[i];
#pragma clang loop unroll(full)
    for (int j = 0; j < vectors; j++) sums[i][j] = is_first ? values[j] * weight : sums[i][j] + values[j] * weight;
  }
}

// The finished results of a tile; vector j lies `places[j]` behind the first.
static inline __attribute__((always_inline)) void nk_finish_tile(
    const int rows, const int vectors, const nk_finish finish, float *result, ptrdiff_t row_step,
    const ptrdiff_t *places, nk_vector (*sums)[NK_PANEL_VECTORS]) {
  nk_vector lower = finish.bounds.lower, upper = finish.bounds.upper;
  if (finish.residual) {
    const float *residual = finish.residual + (result - finish.begin);
#pragma clang loop unroll(full)
    for (int i = 0; i < rows; i++, residual += row_step) {
#pragma clang loop unroll(full)
      for (int j = 0; j < vectors; j++) sums[i][j] += nk_load(residual + places[j]);
    }
  }
  if (finish.gate) {
    const float *gate = finish.gate + (result - finish.begin);
#pragma clang loop unroll(full)
    for (int i = 0; i < rows; i++, gate += row_step) {
#pragma clang loop unroll(full)
      for (int j = 0; j < vectors; j++) {
        sums[i][j] = nk_gate_vector(sums[i][j], nk_load(gate + places[j]), lower, upper);
      }
    }
  } else if (finish.is_bounded) {
#pragma clang loop unroll(full)
    for (int i = 0; i < rows; i++) {
#pragma clang loop unroll(full)
      for (int j = 0; j < vectors; j++) sums[i][j] = nk_clamp_vector(sums[i][j], lower, upper);
    }
  }
#pragma clang loop unroll(full)
  for (int i = 0; i < rows; i++, result += row_step) {
#pragma clang loop unroll(full)
    for (int j = 0; j < vectors; j++) nk_store(sums[i][j], result + places[j]);
  }
}

// Results that are final: what they need is on its way while the products are computed, and so are they themselves.
static inline __attribute__((always_inline)) void nk_fetch_results(
    const int rows, const int pixels, const nk_panels *p, const float *result) {
  const nk_finish finish = *p->finish;
  ptrdiff_t place = result - finish.begin + p->result_ahead;
#pragma clang loop unroll(full)
  for (int i = 0; i < rows; i++, place += p->result_row_step) {
#pragma clang loop unroll(full)
    for (int j = 0; j < pixels; j++) {
      ptrdiff_t at = place + j * p->result_pixel_step;
      __builtin_prefetch(finish.begin + at, 1, 2);
      if (finish.residual) __builtin_prefetch(finish.residual + at, 0, 2);
      if (finish.gate) __builtin_prefetch(finish.gate + at, 0, 2);
    }
  }
}

static inline __attribute__((always_inline)) void nk_panel_tile(
    const int rows, const int pixels, const enum nk_elements elements, const int are_results, const nk_panels *p,
    const float *weights, const float *bias, const float *x, ptrdiff_t panel, float *result) {
  const int vectors = pixels * NK_PIXEL_VECTORS, steps = NK_PANEL_STEPS(rows, elements);
  nk_vector sums[NK_PANEL_ROWS][NK_PANEL_VECTORS], values[NK_PANEL_VECTORS];
  const float *from[NK_PANEL_VECTORS];
  float *to[NK_PANEL_VECTORS];
  ptrdiff_t places[NK_PANEL_VECTORS], k = p->depth;
  const ptrdiff_t *offsets = p->offsets;
  const ptrdiff_t pixels_ahead = p->pixels_ahead > 0 && p->pixels_ahead < pixels ? pixels : p->pixels_ahead;
  const ptrdiff_t ahead = pixels_ahead * p->pixel_step;
#pragma clang loop unroll(full)
  for (int j = 0; j < vectors; j++) {
    ptrdiff_t pixel = j / NK_PIXEL_VECTORS, lane = j % NK_PIXEL_VECTORS * NK_WIDTH;
    from[j] = x + pixel * p->pixel_step + lane;
    if (elements == NK_GATHERED) to[j] = p->panels + panel + pixel * p->panel_step + lane;
    places[j] = pixel * p->result_pixel_step + lane;
  }
  if (are_results) {
    nk_fetch_results(rows, pixels, p, result);
#pragma clang loop unroll(full)
    for (int i = 0; i < rows; i++) {
      float start = bias ? bias[i] : 0.0f;
#pragma clang loop unroll(full)
      for (int j = 0; j < vectors; j++) sums[i][j] = start;
    }
  }
#define NK_PANEL_ADD(IS_FIRST)                                                        \
  do {                                                                                \
    ptrdiff_t offset = elements == NK_PANEL ? 0 : *offsets++;                         \
    _Pragma("clang loop unroll(full)") for (int j = 0; j < vectors; j++) {            \
      int is_pixel = elements != NK_PANEL && j % NK_PIXEL_VECTORS == 0;               \
      values[j] = nk_load(from[j] + offset);                                          \
      if (is_pixel) __builtin_prefetch(from[j] + offset + ahead, 0, 3);               \
      if (elements == NK_PANEL) from[j] += NK_LANES;                                  \
      if (elements != NK_GATHERED) continue;                                          \
      nk_store(values[j], to[j]);                                                     \
      to[j] += NK_LANES;                                                              \
    }                                                                                 \
    nk_panel_add(rows, vectors, IS_FIRST, weights, values, sums);                     \
    weights += rows;                                                                  \
  } while (0)
  if (!are_results) {
    NK_PANEL_ADD(1);
    k--;
  }
#pragma clang loop unroll(disable)
  for (; k >= steps; k -= steps) {
#pragma clang loop unroll(full)
    for (int i = 0; i < steps; i++) NK_PANEL_ADD(0);
  }
#pragma clang loop unroll(disable)
  for (; k > 0; k--) NK_PANEL_ADD(0);
#undef NK_PANEL_ADD
  nk_finish_tile(
      rows, vectors, are_results ? *p->finish : nk_as_it_is, result, p->result_row_step, places, sums);
}

static inline __attribute__((always_inline)) void nk_panel_product(
    const int rows, const enum nk_elements elements, const int are_results, const nk_panels *panels,
    const float *weights, const float *bias, const float *x, float *result) {
  const nk_panels p = *panels;
  const int most = NK_TILE_PIXELS(rows);
  ptrdiff_t left = p.pixels, panel = 0;
#pragma clang loop unroll(disable)
  for (; left >= most; left -= most) {
    for (int lane = 0; lane < NK_LANES; lane += NK_PIXEL_VECTORS * NK_WIDTH) {
      nk_panel_tile(rows, most, elements, are_results, &p, weights, bias, x + lane, panel + lane, result + lane);
    }
    x += most * p.pixel_step;
    panel += most * p.panel_step;
    result += most * p.result_pixel_step;
  }
#pragma clang loop unroll(disable)
  for (; most > 1 && left > 0; left--) {
    for (int lane = 0; lane < NK_LANES; lane += NK_PIXEL_VECTORS * NK_WIDTH) {
      nk_panel_tile(rows, 1, elements, are_results, &p, weights, bias, x + lane, panel + lane, result + lane);
    }
    x += p.pixel_step;
    panel += p.panel_step;
    result += p.result_pixel_step;
  }
}

// Functions for each number of rows: of panels that are not results yet, and of results.
typedef void (*nk_panel_function)(
    const nk_panels *, const float *weights, const float *bias, const float *x, float *result);
#define NK_PANEL_PRODUCT(NAME, ROWS, ELEMENTS, ARE_RESULTS)                                                   \
  static void nk_##NAME##_product_##ROWS(                                                                     \
      const nk_panels *p, const float *weights, const float *bias, const float *x, float *result) {           \
    if (ROWS <= NK_PANEL_ROWS) nk_panel_product(ROWS, ELEMENTS, ARE_RESULTS, p, weights, bias, x, result);    \
  }
#define NK_PANEL_PRODUCTS(ROWS)                       \
  NK_PANEL_PRODUCT(point, ROWS, NK_PANEL, 0)          \
  NK_PANEL_PRODUCT(panel, ROWS, NK_PANEL, 1)          \
  NK_PANEL_PRODUCT(in_place, ROWS, NK_IN_PLACE, 1)    \
  NK_PANEL_PRODUCT(gathered, ROWS, NK_GATHERED, 1)
#define NK_FOR_PANEL_ROWS(X) X(1) X(2) X(3) X(4) X(5) X(6) X(7) X(8)
NK_FOR_PANEL_ROWS(NK_PANEL_PRODUCTS)
#define NK_POINT_ENTRY(ROWS) nk_point_product_##ROWS,
#define NK_PANEL_ENTRY(ROWS) {nk_panel_product_##ROWS, nk_in_place_product_##ROWS, nk_gathered_product_##ROWS},
static const nk_panel_function nk_point_products[8] = {NK_FOR_PANEL_ROWS(NK_POINT_ENTRY)};
static const nk_panel_function nk_panel_products[8][3] = {NK_FOR_PANEL_ROWS(NK_PANEL_ENTRY)};

// packed[part][k][row] = weights[row · row_step + sources[k]], in the parts that `nk_run_product` takes.
static void nk_pack_weights(
    ptrdiff_t rows, ptrdiff_t depth, const float *weights, ptrdiff_t row_step, const ptrdiff_t *sources,
    float *packed) {
  ptrdiff_t parts = nk_parts(rows, NK_PANEL_ROWS);
  for (ptrdiff_t part = 0; part < parts; part++) {
    ptrdiff_t count = nk_part(rows, parts, part);
    for (ptrdiff_t k = 0; k < depth; k++) {
      for (ptrdiff_t i = 0; i < count; i++) *packed++ = weights[i * row_step + sources[k]];
    }
    weights += count * row_step;
  }
}

// result[row][place] = bias[row] + Σ_k weights[k][row] · x[place + offsets[k]], finished, over the pixels of a block.
typedef struct {
  ptrdiff_t rows, depth;
  const ptrdiff_t *offsets;
  const float *weights;  // from nk_pack_weights
  const float *bias;     // or null
  ptrdiff_t height, width;
  ptrdiff_t line_step, pixel_step;
  ptrdiff_t result_row_step, result_line_step, result_pixel_step;
  const nk_finish *finish;
  // Whether several parts of the rows read panels, not the pixels where they lie, which is better where the taps of two
  // pixels meet the same ones; they have room for as many floats as NICHE_PANEL_FLOATS says.
  int is_gathered;
  float *panels;
} nk_product;

// How many pixels ahead are fetched into the first-level cache: few, as pixels of planes that lie a power of two apart
// soon drive each other out of it, and fewer yet where they are long and several parts of the rows read them anew.
static inline ptrdiff_t nk_pixels_ahead(ptrdiff_t depth, int is_read_anew) {
  if (NK_WIDTH == 16 || !is_read_anew) return 2;
  return depth <= 64 ? 2 : depth <= 256 ? 1 : 0;
}

// Some pixels at a time, whose panels stay in the first-level cache; several lines as one where they lie one behind the
// other.
static void nk_run_product(const nk_product *product, const float *x, float *result) {
  ptrdiff_t height = product->height, width = product->width, depth = product->depth;
  ptrdiff_t pixel_step = product->pixel_step, result_step = product->result_pixel_step;
  if (product->line_step == width * pixel_step && product->result_line_step == width * result_step) {
    width *= height;
    height = 1;
  }
  ptrdiff_t row_parts = nk_parts(product->rows, NK_PANEL_ROWS), most = NK_RUN_PIXELS;
  int is_gathered = product->is_gathered && row_parts > 1 && depth > 0;
  if (is_gathered && NICHE_PANEL_PIXELS(depth) < most) most = NICHE_PANEL_PIXELS(depth);
  ptrdiff_t runs = nk_parts(width, most);
  nk_panels p = {.depth = depth, .panel_step = depth * NK_LANES, .offsets = product->offsets};
  p.result_row_step = product->result_row_step;
  p.result_pixel_step = result_step;
  p.panels = product->panels;
  p.finish = product->finish;
  p.pixels_ahead = nk_pixels_ahead(depth, !is_gathered && row_parts > 1);
  for (ptrdiff_t y = 0; y < height; y++) {
    const float *from = x + y * product->line_step;
    float *line = result + y * product->result_line_step, *to = line;
    for (ptrdiff_t run = 0; run < runs; run++) {
      const float *weights = product->weights, *bias = product->bias, *elements = from;
      float *place = to;
      enum nk_elements kind = is_gathered ? NK_GATHERED : NK_IN_PLACE;
      p.pixels = nk_part(width, runs, run);
      p.pixel_step = pixel_step;
      p.result_ahead = p.pixels * result_step;
      ptrdiff_t next = p.result_ahead;
      // Behind a line's end lies the next one, which may be others than the line below.
      if (run + 1 == runs && y + 1 < height) p.result_ahead = line + product->result_line_step - to;
      for (ptrdiff_t part = 0; part < row_parts; part++) {
        ptrdiff_t rows = nk_part(product->rows, row_parts, part);
        nk_panel_products[rows - 1][kind](&p, weights, bias, elements, place);
        weights += rows * depth;
        if (bias) bias += rows;
        place += rows * p.result_row_step;
        if (kind == NK_IN_PLACE) continue;
        kind = NK_PANEL;
        elements = p.panels;
        p.pixel_step = p.panel_step;
      }
      from += p.pixels * pixel_step;
      to += next;
    }
  }
}
