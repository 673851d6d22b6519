// Attention: softmax(scale · q · kᵀ + mask) · v, block by block of the scores, which never leave the cache.

// For loops over rows of 16, 32, … numbers: more at a time would leave a rest.
#if NK_WIDTH == 8
#define NK_VECTOR_BY_VECTOR _Pragma("clang loop vectorize(assume_safety) interleave_count(2)")
#else
#define NK_VECTOR_BY_VECTOR _Pragma("clang loop vectorize(assume_safety) interleave(disable)")
#endif

// Scores of a block, rows of whole vectors: what is behind the last key counts as masked.
typedef struct {
  ptrdiff_t queries, keys, step;
  float *scores;
} nk_score_block;

// scores = scale · q · kᵀ + mask.
static void nk_attention_scores(
    const niche_attention *s, const nk_score_block *b, const float *q, const float *k, const float *mask,
    void *scratch) {
  niche_product product = {.rows = b->queries, .columns = b->keys, .inner = s->features, .left_row = s->q.row};
  product.left_inner = product.right_inner = 1;
  product.right_column = s->k.row;
  product.result_row = b->step;
  nk_multiply(&product, q, k, 0, b->scores, scratch);
  for (ptrdiff_t row = 0; row < b->queries; row++) {
    float *scores = b->scores + row * b->step, scale = s->scale;
    if (mask && s->mask_key) {
      const float *line = mask + row * s->mask_query;
      NK_INDEPENDENT for (ptrdiff_t i = 0; i < b->keys; i++) scores[i] = scores[i] * scale + line[i];
    } else {
      float all = mask ? mask[row * s->mask_query] : 0;
      NK_VECTOR_BY_VECTOR for (ptrdiff_t i = 0; i < b->step; i++) scores[i] = scores[i] * scale + all;
    }
    for (ptrdiff_t i = b->keys; i < b->step; i++) scores[i] = -INFINITY;
  }
}

// result (+)= left · right or leftᵀ · right, where left is a block of scores and right has `columns` columns.
static void nk_attention_product(
    const nk_score_block *b, int is_transposed, const float *right, niche_rows right_rows, ptrdiff_t columns, int adds,
    float *result, niche_rows result_rows, void *scratch) {
  niche_product product = {.rows = b->queries, .columns = columns, .inner = b->keys};
  product.left_row = b->step;
  product.left_inner = 1;
  if (is_transposed) {
    product.rows = b->keys;
    product.inner = b->queries;
    product.left_row = 1;
    product.left_inner = b->step;
  }
  product.right_inner = right_rows.row;
  product.result_row = result_rows.row;
  product.right_column = 1;
  product.adds = adds;
  nk_multiply(&product, b->scores, right, 0, result, scratch);
}

static inline nk_score_block nk_attention_block(
    const niche_attention *s, ptrdiff_t query, ptrdiff_t key, float *scores) {
  nk_score_block block = {.scores = scores};
  block.queries = s->queries - query < NICHE_ATTENTION_QUERIES ? s->queries - query : NICHE_ATTENTION_QUERIES;
  block.keys = s->keys - key < NICHE_ATTENTION_KEYS ? s->keys - key : NICHE_ATTENTION_KEYS;
  block.step = (block.keys + 15) / 16 * 16;
  return block;
}

// Fetches what the head behind this one has in a row's place.
static inline void nk_attention_ahead(
    const float *matrix, niche_rows lies, ptrdiff_t rows, ptrdiff_t columns, ptrdiff_t row, int writes) {
  const float *from = matrix + lies.head + row * lies.row;
  for (ptrdiff_t i = 0; row < rows && i < columns; i += 16) {
    if (writes) {
      __builtin_prefetch(from + i, 1, 2);
    } else {
      __builtin_prefetch(from + i, 0, 2);
    }
  }
}

// The maximum of whole vectors. NaN need not be looked for: whatever the maximum, sums of exponentials are NaN then.
static inline float nk_row_maximum(ptrdiff_t count, const float *x) {
  nk_vector best = nk_load(x);
  for (ptrdiff_t i = 0; i < count; i += NK_WIDTH) {
    nk_vector values = nk_load(x + i);
    best = nk_choose((nk_integers)(values > best), values, best);
  }
  return __builtin_reduce_max(best);
}

static void nk_attention(
    const niche_attention *s, const float *q, const float *k, const float *v, const float *mask, float *result,
    float *log_sums, void *scratch) {
  float *scores = scratch, *maxima = scores + NICHE_ATTENTION_QUERIES * NICHE_ATTENTION_KEYS;
  float *sums = maxima + NICHE_ATTENTION_QUERIES;
  void *rest = sums + NICHE_ATTENTION_QUERIES;
  for (ptrdiff_t query = 0; query < s->queries; query += NICHE_ATTENTION_QUERIES) {
    float *to = result + query * s->result.row;
    nk_score_block block;
    for (ptrdiff_t key = 0; key < s->keys; key += NICHE_ATTENTION_KEYS) {
      block = nk_attention_block(s, query, key, scores);
      nk_attention_scores(
          s, &block, q + query * s->q.row, k + key * s->k.row,
          mask ? mask + query * s->mask_query + key * s->mask_key : 0, rest);
      for (ptrdiff_t row = 0; row < block.queries; row++) {
        float *x = scores + row * block.step, maximum = nk_row_maximum(block.step, x);
        if (key > 0) maximum = nk_larger(maxima[row], maximum);
        // Rows of which all is masked so far have sums of 0.
        float shift = maximum == -INFINITY ? 0 : maximum, sum = 0;
        {
#pragma clang fp reassociate(on)
          NK_VECTOR_BY_VECTOR for (ptrdiff_t i = 0; i < block.step; i++) {
            float value = nk_exp(x[i] - shift);
            x[i] = value;
            sum += value;
          }
        }
        if (key > 0) {
          float fade = nk_exp(maxima[row] - shift);
          sum += sums[row] * fade;
          float *line = to + row * s->result.row;
          NK_INDEPENDENT for (ptrdiff_t i = 0; i < s->values; i++) line[i] *= fade;
        }
        sums[row] = sum;
        maxima[row] = maximum;
        nk_attention_ahead(q, s->q, s->queries, s->features, query + row, 0);
        nk_attention_ahead(k, s->k, s->keys, s->features, query + row, 0);
        nk_attention_ahead(v, s->v, s->keys, s->values, query + row, 0);
        nk_attention_ahead(result, s->result, s->queries, s->values, query + row, 1);
      }
      nk_attention_product(&block, 0, v + key * s->v.row, s->v, s->values, key > 0, to, s->result, rest);
    }
    for (ptrdiff_t row = 0; row < block.queries; row++) {
      float scale = 1.0f / sums[row], *line = to + row * s->result.row;
      NK_INDEPENDENT for (ptrdiff_t i = 0; i < s->values; i++) line[i] *= scale;
      log_sums[query + row] = maxima[row] + logf(sums[row]);
    }
  }
}

static void nk_attention_gradient(
    const niche_attention *s, const float *q, const float *k, const float *v, const float *mask, const float *y,
    const float *log_sums, const float *gradient, float *q_gradient, float *k_gradient, float *v_gradient,
    void *scratch) {
  float *scores = scratch, *slopes = scores + NICHE_ATTENTION_QUERIES * NICHE_ATTENTION_KEYS;
  void *rest = slopes + NICHE_ATTENTION_QUERIES * NICHE_ATTENTION_KEYS;
  for (ptrdiff_t query = 0; query < s->queries; query += NICHE_ATTENTION_QUERIES) {
    const float *g = gradient + query * s->gradient.row, *out = y + query * s->result.row;
    for (ptrdiff_t key = 0; key < s->keys; key += NICHE_ATTENTION_KEYS) {
      nk_score_block block = nk_attention_block(s, query, key, scores), slope = block;
      slope.scores = slopes;
      nk_attention_scores(
          s, &block, q + query * s->q.row, k + key * s->k.row,
          mask ? mask + query * s->mask_query + key * s->mask_key : 0, rest);
      // The gradient of the probabilities.
      niche_product product = {.rows = block.queries, .columns = block.keys, .inner = s->values};
      product.left_row = s->gradient.row;
      product.right_column = s->v.row;
      product.left_inner = product.right_inner = 1;
      product.result_row = block.step;
      nk_multiply(&product, g, v + key * s->v.row, 0, slopes, rest);
      for (ptrdiff_t row = 0; row < block.queries; row++) {
        float *x = scores + row * block.step, *d = slopes + row * block.step, share = 0;
        {
#pragma clang fp reassociate(on)
          for (ptrdiff_t i = 0; i < s->values; i++) share += g[row * s->gradient.row + i] * out[row * s->result.row + i];
        }
        float shift = log_sums[query + row], scale = s->scale;
        for (ptrdiff_t i = block.keys; i < block.step; i++) d[i] = 0;
        NK_VECTOR_BY_VECTOR for (ptrdiff_t i = 0; i < block.step; i++) {
          float value = nk_exp(x[i] - shift);
          x[i] = value;
          d[i] = value * (d[i] - share) * scale;
        }
        nk_attention_ahead(q, s->q, s->queries, s->features, query + row, 0);
        nk_attention_ahead(k, s->k, s->keys, s->features, query + row, 0);
        nk_attention_ahead(v, s->v, s->keys, s->values, query + row, 0);
        nk_attention_ahead(y, s->result, s->queries, s->values, query + row, 0);
        nk_attention_ahead(gradient, s->gradient, s->queries, s->values, query + row, 0);
        nk_attention_ahead(q_gradient, s->q_gradient, s->queries, s->features, query + row, 1);
        nk_attention_ahead(k_gradient, s->k_gradient, s->keys, s->features, query + row, 1);
        nk_attention_ahead(v_gradient, s->v_gradient, s->keys, s->values, query + row, 1);
      }
      nk_attention_product(
          &block, 1, g, s->gradient, s->values, query > 0, v_gradient + key * s->v_gradient.row, s->v_gradient, rest);
      nk_attention_product(
          &slope, 0, k + key * s->k.row, s->k, s->features, key > 0, q_gradient + query * s->q_gradient.row,
          s->q_gradient, rest);
      nk_attention_product(
          &slope, 1, q + query * s->q.row, s->q, s->features, query > 0, k_gradient + key * s->k_gradient.row,
          s->k_gradient, rest);
    }
  }
}
