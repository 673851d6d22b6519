// What callers of dense products need to know, the same for all variants.
#include "kernels/variants.h"

// The most sums that are added up in a panel, and the most floats of panels that are kept at a time.
#define NICHE_GEMM_DEPTH 800
#define NICHE_GEMM_FLOATS (160 * 1024)

ptrdiff_t niche_product_parts(ptrdiff_t columns, ptrdiff_t inner) {
  ptrdiff_t widest = columns < 1 ? 1 : columns < NICHE_GEMM_COLUMNS ? columns : NICHE_GEMM_COLUMNS;
  ptrdiff_t deepest = NICHE_GEMM_FLOATS / widest < NICHE_GEMM_DEPTH ? NICHE_GEMM_FLOATS / widest : NICHE_GEMM_DEPTH;
  return inner > 0 ? (inner + deepest - 1) / deepest : 1;
}

ptrdiff_t niche_product_scratch(ptrdiff_t columns, ptrdiff_t inner) {
  ptrdiff_t parts = niche_product_parts(columns, inner), depth = (inner + parts - 1) / parts;
  ptrdiff_t widest = columns < NICHE_GEMM_COLUMNS ? columns : NICHE_GEMM_COLUMNS;
  ptrdiff_t left = NICHE_GEMM_ROW_PANELS * NICHE_GEMM_ROWS(16) * depth, right = (widest + 31) / 32 * 32 * depth;
  // What whole vectors reach behind the panels.
  return (left + right + 32) * (ptrdiff_t)sizeof(float);
}

ptrdiff_t niche_packed_right(ptrdiff_t columns, ptrdiff_t inner) {
  // And what whole vectors reach behind the panels.
  return ((columns + 31) / 32 * 32 * inner + 32) * (ptrdiff_t)sizeof(float);
}

ptrdiff_t niche_attention_scratch(const niche_attention *s) {
  ptrdiff_t keys = s->keys < NICHE_ATTENTION_KEYS ? s->keys : NICHE_ATTENTION_KEYS;
  ptrdiff_t queries = s->queries < NICHE_ATTENTION_QUERIES ? s->queries : NICHE_ATTENTION_QUERIES;
  ptrdiff_t deepest = keys > queries ? keys : queries, most = 0;
  // By columns and sums: scores and their gradients, and what they are multiplied with.
  ptrdiff_t products[4][2] = {{keys, s->features}, {keys, s->values}, {s->features, deepest}, {s->values, deepest}};
  for (int i = 0; i < 4; i++) {
    ptrdiff_t bytes = niche_product_scratch(products[i][0], products[i][1]);
    if (bytes > most) most = bytes;
  }
  ptrdiff_t scores = 2 * NICHE_ATTENTION_QUERIES * NICHE_ATTENTION_KEYS;
  return scores * (ptrdiff_t)sizeof(float) + most;
}
