// Moving elements: transposes, slices, borders, broadcasts.

static void nk_fill(ptrdiff_t count, uint32_t bits, void *result) {
  uint32_t *words = result;
  if (bits == 0) {
    memset(words, 0, (size_t)count * sizeof *words);
  } else {
    for (ptrdiff_t i = 0; i < count; i++) words[i] = bits;
  }
}

static void nk_copy_row(
    ptrdiff_t count, ptrdiff_t source_stride, ptrdiff_t result_stride, const uint32_t *restrict source,
    uint32_t *restrict result) {
  if (source_stride == 1 && result_stride == 1) {
    memcpy(result, source, (size_t)count * sizeof *result);
  } else if (source_stride == 0 && result_stride == 1) {
    nk_fill(count, source[0], result);
  } else if (result_stride == 1) {
    for (ptrdiff_t i = 0; i < count; i++) result[i] = source[i * source_stride];
  } else {
    for (ptrdiff_t i = 0; i < count; i++) result[i * result_stride] = source[i * source_stride];
  }
}

// Two axes, in tiles that fit the cache whichever operand is read across.
static void nk_copy_plane(
    const ptrdiff_t *extents, const ptrdiff_t *source_strides, const ptrdiff_t *result_strides,
    const uint32_t *source, uint32_t *result) {
  const ptrdiff_t tile = 32;
  for (ptrdiff_t row = 0; row < extents[0]; row += tile) {
    ptrdiff_t row_end = row + tile < extents[0] ? row + tile : extents[0];
    for (ptrdiff_t column = 0; column < extents[1]; column += tile) {
      ptrdiff_t count = extents[1] - column < tile ? extents[1] - column : tile;
      for (ptrdiff_t i = row; i < row_end; i++) {
        nk_copy_row(
            count, source_strides[1], result_strides[1], source + i * source_strides[0] + column * source_strides[1],
            result + i * result_strides[0] + column * result_strides[1]);
      }
    }
  }
}

static void nk_copy(
    ptrdiff_t rank, const ptrdiff_t *extents, const ptrdiff_t *source_strides, const ptrdiff_t *result_strides,
    const void *source, void *result) {
  const uint32_t *from = source;
  uint32_t *to = result;
  if (rank == 0) {
    to[0] = from[0];
    return;
  }
  ptrdiff_t a = 0, b = 0, counters[NICHE_MAXIMUM_RANK] = {0};
  if (rank >= 2 && source_strides[rank - 1] > 1) {
    ptrdiff_t outer = rank - 2;
    do {
      nk_copy_plane(extents + outer, source_strides + outer, result_strides + outer, from + a, to + b);
    } while (nk_step(outer, extents, source_strides, result_strides, counters, &a, &b));
  } else {
    ptrdiff_t inner = rank - 1;
    do {
      nk_copy_row(extents[inner], source_strides[inner], result_strides[inner], from + a, to + b);
    } while (nk_step(inner, extents, source_strides, result_strides, counters, &a, &b));
  }
}

static void nk_fill_rows(ptrdiff_t rows, ptrdiff_t columns, const float *values, float *result) {
  if (!values) {
    memset(result, 0, (size_t)(rows * columns) * sizeof *result);
    return;
  }
  for (ptrdiff_t row = 0; row < rows; row++) {
    float value = values[row], *to = result + row * columns;
    for (ptrdiff_t i = 0; i < columns; i++) to[i] = value;
  }
}
