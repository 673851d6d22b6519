// Products of dense matrices: packed panels, and tiles of the result that stay in registers.
//
// A tile is `rows` × (`vectors` · NK_WIDTH). Panels of the left operand lie as [depth][rows] in the first-level cache
// while they meet all panels of the right operand, [depth][vectors · NK_WIDTH], which lie in the second level's. The
// rows of a product are dealt out evenly, so that no panel is much smaller than the others.

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
  for (; k >= NK_GEMM_STEPS; k -= NK_GEMM_STEPS) {
    __builtin_prefetch(ahead, 1);
    __builtin_prefetch(ahead + vectors * NK_WIDTH - 1, 1);
    ahead = ahead < last ? ahead + t->step : last;
    __builtin_prefetch(fetch.at, 0, 2);
    fetch.at += fetch.share > 0 ? NK_GEMM_LINE : 0;
    fetch.share--;
    ptrdiff_t is_row = -(ptrdiff_t)(fetch.at >= fetch.end);
    fetch.at += fetch.skip & is_row;
    fetch.end += fetch.step & is_row;
#pragma clang loop unroll(full)
    for (int step = 0; step < NK_GEMM_STEPS; step++) {
      __builtin_prefetch(right + 8 * right_step);
      nk_gemm_add(rows, vectors, left, right, sums);
      left += left_step;
      right += right_step;
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

// Within each quarter of four lanes, the lower or higher two of both vectors: one by one, or in pairs.
#if NK_WIDTH == 16
#define NK_MIX_LOW(a, b) __builtin_shufflevector(a, b, 0, 16, 1, 17, 4, 20, 5, 21, 8, 24, 9, 25, 12, 28, 13, 29)
#define NK_MIX_HIGH(a, b) __builtin_shufflevector(a, b, 2, 18, 3, 19, 6, 22, 7, 23, 10, 26, 11, 27, 14, 30, 15, 31)
#define NK_PAIR_LOW(a, b) __builtin_shufflevector(a, b, 0, 1, 16, 17, 4, 5, 20, 21, 8, 9, 24, 25, 12, 13, 28, 29)
#define NK_PAIR_HIGH(a, b) __builtin_shufflevector(a, b, 2, 3, 18, 19, 6, 7, 22, 23, 10, 11, 26, 27, 14, 15, 30, 31)
#elif NK_WIDTH == 8
#define NK_MIX_LOW(a, b) __builtin_shufflevector(a, b, 0, 8, 1, 9, 4, 12, 5, 13)
#define NK_MIX_HIGH(a, b) __builtin_shufflevector(a, b, 2, 10, 3, 11, 6, 14, 7, 15)
#define NK_PAIR_LOW(a, b) __builtin_shufflevector(a, b, 0, 1, 8, 9, 4, 5, 12, 13)
#define NK_PAIR_HIGH(a, b) __builtin_shufflevector(a, b, 2, 3, 10, 11, 6, 7, 14, 15)
#else
#define NK_MIX_LOW(a, b) __builtin_shufflevector(a, b, 0, 4, 1, 5)
#define NK_MIX_HIGH(a, b) __builtin_shufflevector(a, b, 2, 6, 3, 7)
#define NK_PAIR_LOW(a, b) __builtin_shufflevector(a, b, 0, 1, 4, 5)
#define NK_PAIR_HIGH(a, b) __builtin_shufflevector(a, b, 2, 3, 6, 7)
#endif

static inline __attribute__((always_inline)) void nk_store_quarter(nk_vector values, const int quarter, float *to) {
  memcpy(to, (const float *)&values + 4 * quarter, 4 * sizeof *to);
}

// packed[k][column] = x[column · step + k] for `columns` columns; what lies `width` apart. Up to three floats behind
// each row of `width`, and so behind the panel, are overwritten first.
static void nk_gemm_pack_across(
    ptrdiff_t columns, ptrdiff_t depth, ptrdiff_t width, const float *x, ptrdiff_t step, float *packed) {
  for (ptrdiff_t column = (columns - 1) / 4 * 4; column >= 0; column -= 4) {
    const float *row[4];
    for (int i = 0; i < 4; i++) {
      ptrdiff_t source = column + i < columns ? column + i : columns - 1;
      row[i] = x + source * step;
    }
    float *to = packed + column;
    ptrdiff_t k = 0, ahead = -4 * step;
    // Four rows of a vector each: the quarters of the vectors are transposed where they are.
    for (; k + NK_WIDTH <= depth; k += NK_WIDTH) {
      nk_vector a = nk_load(row[0] + k), b = nk_load(row[1] + k), c = nk_load(row[2] + k), d = nk_load(row[3] + k);
#pragma clang loop unroll(full)
      for (int i = 0; i < 4; i++) __builtin_prefetch(row[i] + k + ahead, 0, 3);
      nk_vector ab_low = NK_MIX_LOW(a, b), ab_high = NK_MIX_HIGH(a, b);
      nk_vector cd_low = NK_MIX_LOW(c, d), cd_high = NK_MIX_HIGH(c, d);
      nk_vector quarters[4] = {
          NK_PAIR_LOW(ab_low, cd_low), NK_PAIR_HIGH(ab_low, cd_low), NK_PAIR_LOW(ab_high, cd_high),
          NK_PAIR_HIGH(ab_high, cd_high)};
#pragma clang loop unroll(full)
      for (int lane = 0; lane < NK_WIDTH / 4; lane++) {
#pragma clang loop unroll(full)
        for (int i = 0; i < 4; i++) {
          nk_store_quarter(quarters[i], lane, to + (k + 4 * lane + i) * width);
        }
      }
    }
    for (; k < depth; k++) {
      for (int i = 0; i < 4; i++) to[k * width + i] = row[i][k];
    }
  }
}

// packed[k][column] = x[k · step + column] for `columns` columns, at most two vectors of them; what lies `width` apart.
//
// Whole vectors reach into what is written next: up to a vector behind the panel is overwritten.
static void nk_gemm_pack_along(
    ptrdiff_t columns, ptrdiff_t depth, ptrdiff_t width, const float *x, ptrdiff_t step, float *packed) {
  ptrdiff_t reach = columns > NK_WIDTH ? NK_GEMM_PANEL : NK_WIDTH;
  // How many rows can be read in whole vectors without reading behind the last row's end; that one never is.
  ptrdiff_t spare = (depth - 1) * step + columns - reach;
  ptrdiff_t whole = spare < 0 ? 0 : spare / step + 1;
  if (whole > depth - 1) whole = depth - 1;
  ptrdiff_t k = 0;
  if (columns > NK_WIDTH) {
    for (; k < whole; k++, x += step, packed += width) {
      nk_vector a = nk_load(x), b = nk_load(x + NK_WIDTH);
      nk_store(a, packed);
      nk_store(b, packed + NK_WIDTH);
    }
  } else {
    for (; k < whole; k++, x += step, packed += width) nk_store(nk_load(x), packed);
  }
  for (; k < depth; k++, x += step, packed += width) memcpy(packed, x, (size_t)columns * sizeof *x);
}

static void nk_gemm_pack(
    ptrdiff_t count, ptrdiff_t depth, ptrdiff_t width, nk_gemm_operand x, float *packed) {
  if (depth <= 0) return;
  if (x.depth_step == 1) {
    nk_gemm_pack_across(count, depth, width, x.elements, x.step, packed);
  } else {
    nk_gemm_pack_along(count, depth, width, x.elements, x.depth_step, packed);
  }
}

// The panels of `width` columns of the right operand, `depth` elements each.
static void nk_gemm_pack_right(ptrdiff_t width, ptrdiff_t depth, nk_gemm_operand x, int packs_whole, float *panels) {
  for (ptrdiff_t j = 0; j < width; j += NK_GEMM_PANEL, x.elements += NK_GEMM_PANEL * x.step) {
    ptrdiff_t count = width - j < NK_GEMM_PANEL ? width - j : NK_GEMM_PANEL;
    if (count == NK_GEMM_PANEL && !packs_whole) continue;
    nk_gemm_pack(count, depth, count <= NK_WIDTH ? NK_WIDTH : NK_GEMM_PANEL, x, panels + j * depth);
  }
}

// Part by part of the sums for each stretch of columns, as `nk_multiply` goes through them.
static void nk_pack_right(const niche_product *p, const float *right, float *packed) {
  ptrdiff_t parts = niche_product_parts(p->columns, p->inner);
  for (ptrdiff_t column = 0; column < p->columns; column += NICHE_GEMM_COLUMNS) {
    ptrdiff_t width = p->columns - column < NICHE_GEMM_COLUMNS ? p->columns - column : NICHE_GEMM_COLUMNS;
    for (ptrdiff_t part = 0, k = 0; part < parts; part++) {
      ptrdiff_t depth = nk_part(p->inner, parts, part);
      nk_gemm_operand x = {
          .elements = right + k * p->right_inner + column * p->right_column, .step = p->right_column,
          .depth_step = p->right_inner};
      nk_gemm_pack_right(width, depth, x, 1, packed);
      packed += nk_gemm_padded(width) * depth;
      k += depth;
    }
  }
}

static void nk_multiply(
    const niche_product *p, const float *left, const float *right, const float *bias, float *result,
    void *scratch) {
  ptrdiff_t rows = p->rows, columns = p->columns, inner = p->inner;
  if (rows <= 0 || columns <= 0) return;
  ptrdiff_t parts = niche_product_parts(p->all_columns > 0 ? p->all_columns : columns, inner);
  // A transposed left operand is packed many panels at a time, which have to fit beside those of the right.
  if (p->left_row == 1 && !p->right_is_packed && parts < nk_parts(inner, NK_GEMM_TRANSPOSED_DEPTH)) {
    parts = nk_parts(inner, NK_GEMM_TRANSPOSED_DEPTH);
  }
  ptrdiff_t most = nk_parts(inner, parts);
  ptrdiff_t row_panels = nk_parts(rows, NK_GEMM_ROWS);
  float *left_panels = scratch;
  float *right_panels = left_panels + NICHE_GEMM_ROW_PANELS * NK_GEMM_ROWS * most + 16;
  // What few panels meet is read where it lies.
  int packs_left = p->left_row != 1 || columns > NK_GEMM_FEW_COLUMNS;
  int packs_right = p->right_column != 1 || rows > NK_GEMM_FEW_ROWS || p->right_is_packed;
  // Of a packed operand.
  const float *packed_part = right;
  for (ptrdiff_t column = 0; column < columns; column += NICHE_GEMM_COLUMNS) {
    ptrdiff_t width = columns - column < NICHE_GEMM_COLUMNS ? columns - column : NICHE_GEMM_COLUMNS;
    for (ptrdiff_t part = 0, k = 0; part < parts; part++) {
      ptrdiff_t depth = nk_part(inner, parts, part);
      nk_gemm_operand right_part = {
          .elements = right + k * p->right_inner + column * p->right_column, .step = p->right_column,
          .depth_step = p->right_inner};
      const float *panels = packed_part;
      if (!p->right_is_packed) {
        nk_gemm_pack_right(width, depth, right_part, packs_right, right_panels);
        panels = right_panels;
      }
      packed_part += nk_gemm_padded(width) * depth;
      nk_gemm_tile tile = {.depth = depth, .step = p->result_row};
      tile.start = part > 0 || p->adds ? NK_GEMM_RESULT : bias ? NK_GEMM_BIAS : NK_GEMM_ZERO;
      nk_gemm_operand left_part = {
          .elements = left + k * p->left_inner, .step = p->left_row, .depth_step = p->left_inner};
      for (ptrdiff_t panel = 0, row = 0; panel < row_panels;) {
        ptrdiff_t group = row_panels - panel < NICHE_GEMM_ROW_PANELS ? row_panels - panel : NICHE_GEMM_ROW_PANELS;
        float *packed = left_panels;
        ptrdiff_t next = row;
        for (ptrdiff_t i = 0; i < group; i++) {
          ptrdiff_t count = nk_part(rows, row_panels, panel + i);
          if (packs_left) nk_gemm_pack(count, depth, count, left_part, packed);
          packed += count * depth;
          next += count;
          left_part.elements += count * p->left_row;
        }
        ptrdiff_t tiles = group * nk_parts(width, NK_GEMM_PANEL);
        nk_gemm_prefetch ahead =
            next < rows
                ? nk_gemm_ahead(left_part, rows - next < next - row ? rows - next : next - row, depth, tiles)
            : part + 1 < parts && p->right_is_packed
                ? nk_gemm_ahead(
                      (nk_gemm_operand){.elements = packed_part, .depth_step = 1}, 1, nk_gemm_padded(width) * most,
                      tiles)
            : part + 1 < parts
                ? nk_gemm_ahead(
                      (nk_gemm_operand){
                          .elements = right_part.elements + depth * p->right_inner, .step = p->right_column,
                          .depth_step = p->right_inner},
                      width, most, tiles)
                : (nk_gemm_prefetch){.at = left, .end = left};
        tile.left = left_panels;
        for (ptrdiff_t i = 0; i < group; i++, panel++) {
          ptrdiff_t count = nk_part(rows, row_panels, panel);
          tile.left_step = count;
          if (!packs_left) {
            tile.left = left + k * p->left_inner + row;
            tile.left_step = p->left_inner;
          }
          for (ptrdiff_t j = 0; j < width; j += NK_GEMM_PANEL) {
            tile.columns = width - j < NK_GEMM_PANEL ? width - j : NK_GEMM_PANEL;
            int vectors = tile.columns > NK_WIDTH ? 2 : 1;
            if (tile.columns == NK_GEMM_PANEL && !packs_right) {
              tile.right = right_part.elements + j;
              tile.right_step = p->right_inner;
            } else {
              tile.right = panels + j * depth;
              tile.right_step = vectors * NK_WIDTH;
            }
            tile.to = result + row * p->result_row + column + j;
            tile.bias = bias ? bias + column + j : 0;
            nk_gemm_tiles[count - 1][vectors - 1](&tile, &ahead);
          }
          tile.left += count * depth;
          row += count;
        }
      }
      k += depth;
    }
  }
}
