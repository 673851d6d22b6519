// The transforms of minimal filtering (winograd.h): pixels to points, weights to points, and sums of products of
// points to results.

#define NK_POINTS 36
// How far apart the points of a row and tile lie that is transformed back: all points of one after the other, and a
// cache line more, as else a quarter of the sets would take the points of all rows.
#define NK_SUM_STEP ((NK_POINTS + 1) * NK_LANES)

typedef struct {
  ptrdiff_t channels, height, width, top, left;
  ptrdiff_t rows, result_height, result_width;
  // The taps and the result pixels of a tile along one axis; together they are 7.
  ptrdiff_t taps, tile;
  const nk_finish *finish;
  // Tiles that are done at a time: of so many images' blocks, lines and columns.
  ptrdiff_t blocks, lines, columns;
  float *zeros;  // a line beyond the images, of their width
} nk_winograd;

// The parts of the scratch memory.
typedef struct {
  float *weights, *points, *sums;
} nk_winograd_scratch;

// How far apart points lie, of one tile and channel, and the tiles and channels of one point.
typedef struct {
  ptrdiff_t point, tile, channel;
} nk_point_steps;

// How far apart the points of `rows` rows of tiles lie: a cache line more than they take, as powers of two would let
// all points of a tile compete for one set of the cache.
static inline ptrdiff_t nk_point_step(ptrdiff_t rows, ptrdiff_t tiles) { return (rows * tiles + 1) * NK_LANES; }

// Where a tile's channels are a panel: an odd number of cache lines apart.
static inline nk_point_steps nk_panel_steps(ptrdiff_t channels, ptrdiff_t tiles) {
  nk_point_steps steps = {(tiles * channels | 1) * NK_LANES, channels * NK_LANES, NK_LANES};
  return steps;
}

// How far apart the weights of two points lie.
static inline ptrdiff_t nk_weight_step(const nk_winograd *w) { return w->rows * w->channels + NK_LANES; }

// Bᵀ along one axis: six pixels to six points.
static inline __attribute__((always_inline)) void nk_winograd_input(const nk_vector *d, nk_vector *t) {
  nk_vector even = d[4] - 4.0f * d[2], odd = d[3] - 4.0f * d[1];
  nk_vector far = d[4] - d[2], step = 2.0f * (d[3] - d[1]);
  t[0] = 4.0f * d[0] + (d[4] - 5.0f * d[2]);
  t[1] = even + odd;
  t[2] = even - odd;
  t[3] = far + step;
  t[4] = far - step;
  t[5] = 4.0f * d[1] + (d[5] - 5.0f * d[3]);
}

// Aᵀ along one axis: six points to `tile` pixels.
static inline __attribute__((always_inline)) void nk_winograd_output(const int tile, const nk_vector *m, nk_vector *t) {
  nk_vector sum1 = m[1] + m[2], difference1 = m[1] - m[2], sum2 = m[3] + m[4], difference2 = m[3] - m[4];
  t[0] = m[0] + sum1 + sum2;
  if (tile == 2) {
    t[1] = difference1 + 2.0f * difference2 + m[5];
    return;
  }
  t[1] = difference1 + 2.0f * difference2;
  t[2] = sum1 + 4.0f * sum2;
  t[3] = difference1 + 8.0f * difference2 + m[5];
}

// G along one axis: weights to six points, for up to eight rows at once.
static inline __attribute__((always_inline)) void nk_winograd_weight(
    const int taps, const float (*g)[8], ptrdiff_t step, float (*u)[8], ptrdiff_t result_step) {
  for (int i = 0; i < 8; i++) {
    float even = g[0][i] + g[2 * step][i], odd = g[step][i];
    float far_even = g[0][i] + 4 * g[2 * step][i], far_odd = 2 * g[step][i];
    if (taps == 5) {
      even += g[4 * step][i];
      odd += g[3 * step][i];
      far_even += 16 * g[4 * step][i];
      far_odd += 8 * g[3 * step][i];
    }
    u[0][i] = g[0][i] * 0.25f;
    u[result_step][i] = (even + odd) * (-1.0f / 6);
    u[2 * result_step][i] = (even - odd) * (-1.0f / 6);
    u[3 * result_step][i] = (far_even + far_odd) * (1.0f / 24);
    u[4 * result_step][i] = (far_even - far_odd) * (1.0f / 24);
    u[5 * result_step][i] = g[(taps - 1) * step][i];
  }
}

// weights[row · row_step + k · channel_step + tap] to [point][part][k][row]; `is_turned`: the taps in reverse.
static inline __attribute__((always_inline)) void nk_transform_weights_of(
    const int taps, const nk_winograd *w, const float *weights, ptrdiff_t row_step, ptrdiff_t channel_step,
    int is_turned, float *result) {
  ptrdiff_t parts = nk_parts(w->rows, NK_PANEL_ROWS), step = nk_weight_step(w);
  for (ptrdiff_t part = 0; part < parts; part++) {
    ptrdiff_t rows = nk_part(w->rows, parts, part);
    for (ptrdiff_t k = 0; k < w->channels; k++, result += rows) {
      float values[25][8] = {{0}}, lines[30][8], points[NK_POINTS][8];
      for (ptrdiff_t i = 0; i < rows; i++) {
        const float *from = weights + i * row_step + k * channel_step;
        for (int tap = 0; tap < taps * taps; tap++) values[tap][i] = from[is_turned ? taps * taps - 1 - tap : tap];
      }
      for (int column = 0; column < taps; column++) {
        nk_winograd_weight(taps, values + column, taps, lines + column, taps);
      }
      for (int line = 0; line < 6; line++) nk_winograd_weight(taps, lines + taps * line, 1, points + 6 * line, 1);
      // Whole vectors: what comes behind is written later, or is not used.
      for (int point = 0; point < NK_POINTS; point++) memcpy(result + point * step, points[point], sizeof *points);
    }
    weights += rows * row_step;
  }
}

static void nk_transform_weights(
    const nk_winograd *w, const float *weights, ptrdiff_t row_step, ptrdiff_t channel_step, int is_turned,
    float *result) {
  if (w->taps == 3) {
    nk_transform_weights_of(3, w, weights, row_step, channel_step, is_turned, result);
  } else {
    nk_transform_weights_of(5, w, weights, row_step, channel_step, is_turned, result);
  }
}

// One channel of a line of tiles to its points. What lies `ahead` of its pixels is fetched into the cache meanwhile, but
// for the first `fetched` lines.
static inline __attribute__((always_inline)) void nk_transform_line_of(
    const int tile_size, const nk_winograd *w, const float *plane, ptrdiff_t line, ptrdiff_t column, ptrdiff_t tiles,
    float *points, const nk_point_steps *steps, ptrdiff_t ahead, int fetched) {
  // The transforms of the last six columns, each in the place of the sixth before it.
  float edges[6][6][NK_LANES];
  ptrdiff_t point_step = steps->point, width = w->width, x = tile_size * column - w->left, slot = 0;
  const float *lines[6];
  for (int i = 0; i < 6; i++) {
    ptrdiff_t y = tile_size * line - w->top + i;
    lines[i] = y >= 0 && y < w->height ? plane + y * width * NK_LANES : w->zeros;
  }
  for (ptrdiff_t tile = 0; tile < tiles; tile++, points += steps->tile) {
    for (int count = tile == 0 ? 6 : tile_size; count > 0; count--, x++) {
      float(*to)[NK_LANES] = edges[slot];
      slot = slot == 5 ? 0 : slot + 1;
      if (x < 0 || x >= width) {
        memset(to, 0, sizeof edges[0]);
        continue;
      }
#pragma clang loop unroll(full)
      for (int lane = 0; lane < NK_LANES; lane += NK_WIDTH) {
        nk_vector pixels[6], t[6];
#pragma clang loop unroll(full)
        for (int j = 0; j < 6; j++) pixels[j] = nk_load(lines[j] + x * NK_LANES + lane);
        nk_winograd_input(pixels, t);
#pragma clang loop unroll(full)
        for (int j = 0; j < 6; j++) nk_store(t[j], to[j] + lane);
      }
      for (int j = fetched; j < 6; j++) __builtin_prefetch(lines[j] + x * NK_LANES + ahead, 0, 2);
    }
    const float *columns[6];
#pragma clang loop unroll(full)
    for (int i = 0; i < 6; i++) columns[i] = edges[slot + i < 6 ? slot + i : slot + i - 6][0];
    float *to = points;
#pragma clang loop unroll(disable)
    for (ptrdiff_t j = 0; j < 6 * NK_LANES; j += NK_LANES, to += 6 * point_step) {
#pragma clang loop unroll(full)
      for (int lane = 0; lane < NK_LANES; lane += NK_WIDTH) {
        nk_vector pixels[6], t[6];
#pragma clang loop unroll(full)
        for (int i = 0; i < 6; i++) pixels[i] = nk_load(columns[i] + j + lane);
        nk_winograd_input(pixels, t);
#pragma clang loop unroll(full)
        for (int i = 0; i < 6; i++) nk_store(t[i], to + i * point_step + lane);
      }
    }
  }
}

static void nk_transform_line(
    const nk_winograd *w, const float *plane, ptrdiff_t line, ptrdiff_t column, ptrdiff_t tiles, float *points,
    const nk_point_steps *steps, ptrdiff_t ahead, int fetched) {
  if (w->tile == 4) {
    nk_transform_line_of(4, w, plane, line, column, tiles, points, steps, ahead, fetched);
  } else {
    nk_transform_line_of(2, w, plane, line, column, tiles, points, steps, ahead, fetched);
  }
}

// What becomes of results: nothing, or they are kept between bounds, or what `nk_finished` does.
enum nk_ending { NK_AS_IS, NK_BOUNDED, NK_FINISHED };

// The points of one tile to `height` × `width` of its pixels; those that lie `ahead` of them are fetched into the cache
// meanwhile, with what they are added to and gated by.
static inline __attribute__((always_inline)) void nk_transform_back(
    const int tile, const enum nk_ending ending, const float *points, float bias, const nk_finish finish,
    ptrdiff_t height, ptrdiff_t width, float *result, ptrdiff_t result_line, ptrdiff_t ahead) {
  ptrdiff_t place = result - finish.begin + ahead;
#pragma clang loop unroll(full)
  for (int i = 0; i < tile; i++) {
    if (i >= height) break;
#pragma clang loop unroll(full)
    for (int j = 0; j < tile; j++) {
      ptrdiff_t pixel = i * result_line + j * NK_LANES;
      __builtin_prefetch(result + ahead + pixel, 1, 2);
      if (ending != NK_FINISHED) continue;
      if (finish.residual) __builtin_prefetch(finish.residual + place + pixel, 0, 2);
      if (finish.gate) __builtin_prefetch(finish.gate + place + pixel, 0, 2);
    }
  }
  nk_vector lower = finish.bounds.lower, upper = finish.bounds.upper;
#pragma clang loop unroll(disable)
  for (ptrdiff_t lane = 0; lane < NK_LANES; lane += NK_WIDTH) {
    nk_vector lines[6][4];
#pragma clang loop unroll(full)
    for (int i = 0; i < 6; i++) {
      nk_vector m[6];
#pragma clang loop unroll(full)
      for (int j = 0; j < 6; j++) m[j] = nk_load(points + (i * 6 + j) * NK_LANES + lane);
      nk_winograd_output(tile, m, lines[i]);
    }
#pragma clang loop unroll(full)
    for (int j = 0; j < tile; j++) {
      if (j >= width) break;
      nk_vector column[6], pixels[4];
#pragma clang loop unroll(full)
      for (int i = 0; i < 6; i++) column[i] = lines[i][j];
      nk_winograd_output(tile, column, pixels);
#pragma clang loop unroll(full)
      for (int i = 0; i < tile; i++) {
        if (i >= height) break;
        float *to = result + i * result_line + j * NK_LANES + lane;
        nk_vector value = pixels[i] + bias;
        if (ending == NK_BOUNDED) value = nk_clamp_vector(value, lower, upper);
        nk_store(ending == NK_FINISHED ? nk_finished(finish, value, to) : value, to);
      }
    }
  }
}
