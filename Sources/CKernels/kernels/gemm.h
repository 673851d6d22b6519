// Products of dense matrices: packed panels, tile by tile.
//
// A tile is `rows` × (`vectors` · NK_WIDTH). Panels of the left operand lie as [depth][rows] in the first-level cache
// while they meet all panels of the right operand, [depth][vectors · NK_WIDTH], which lie in the second level's; or the
// other way round where vectors are short, as a tile then has few rows. The rows of a product are dealt out evenly, so
// that no panel is much smaller than the others.

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
        nk_gemm_panel each[NICHE_GEMM_ROW_PANELS];
        packed = left_panels;
        for (ptrdiff_t i = 0; i < group; i++, panel++) {
          ptrdiff_t count = nk_part(rows, row_panels, panel);
          each[i] = (nk_gemm_panel){packed, count, count, row};
          if (!packs_left) {
            each[i].left = left + k * p->left_inner + row;
            each[i].step = p->left_inner;
          }
          packed += count * depth;
          row += count;
        }
        // Those of the left operand one after the other where one of the right stays in the first-level cache meanwhile,
        // else those of the right.
        ptrdiff_t column_panels = nk_parts(width, NK_GEMM_PANEL);
        int keeps_right = depth <= NK_GEMM_KEPT_DEPTH;
        ptrdiff_t outer = keeps_right ? column_panels : group, nested = keeps_right ? group : column_panels;
        for (ptrdiff_t a = 0; a < outer; a++) {
          for (ptrdiff_t b = 0; b < nested; b++) {
            const nk_gemm_panel *of = each + (keeps_right ? b : a);
            ptrdiff_t j = (keeps_right ? a : b) * NK_GEMM_PANEL;
            tile.left = of->left;
            tile.left_step = of->step;
            tile.columns = width - j < NK_GEMM_PANEL ? width - j : NK_GEMM_PANEL;
            int vectors = tile.columns > NK_WIDTH ? 2 : 1;
            if (tile.columns == NK_GEMM_PANEL && !packs_right) {
              tile.right = right_part.elements + j;
              tile.right_step = p->right_inner;
            } else {
              tile.right = panels + j * depth;
              tile.right_step = vectors * NK_WIDTH;
            }
            tile.to = result + of->row * p->result_row + column + j;
            tile.bias = bias ? bias + column + j : 0;
            nk_gemm_tiles[of->rows - 1][vectors - 1](&tile, &ahead);
          }
        }
      }
      k += depth;
    }
  }
}
