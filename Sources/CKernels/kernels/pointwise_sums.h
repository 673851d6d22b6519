// Sums of convolutions without neighbours, Σ_i weight_i · images_i, as one product whose depth is the channels of all:
// the result is written once, and longer sums hide what lies between two tiles.

static void nk_convolve_pointwise_sum(
    ptrdiff_t pixels, ptrdiff_t rows, ptrdiff_t blocks, ptrdiff_t count, const niche_pointwise_term *terms,
    const float *bias, const niche_finish *finish, float *result, void *scratch) {
  nk_finish finishing = nk_finish_of(finish, result);
  ptrdiff_t plane = pixels * NK_LANES, depth = 0;
  for (ptrdiff_t i = 0; i < count; i++) depth += terms[i].channels;
  ptrdiff_t *offsets = scratch;
  float *weights = (float *)(offsets + (depth + 7) / 8 * 8);
  float *packed = weights;
  ptrdiff_t parts = nk_parts(rows, NK_PANEL_ROWS), first = 0;
  for (ptrdiff_t part = 0; part < parts; part++) {
    ptrdiff_t size = nk_part(rows, parts, part);
    for (ptrdiff_t i = 0; i < count; i++) {
      const float *from = terms[i].weight + first * terms[i].row_step;
      for (ptrdiff_t c = 0; c < terms[i].channels; c++, from += terms[i].channel_step) {
        for (ptrdiff_t row = 0; row < size; row++) *packed++ = from[row * terms[i].row_step];
      }
    }
    first += size;
  }
  nk_product product = {.rows = rows, .depth = depth, .offsets = offsets, .weights = weights, .bias = bias};
  product.finish = &finishing;
  product.is_gathered = 1;
  product.panels = weights + (rows * depth + 15) / 16 * 16;
  product.height = 1;
  product.width = pixels;
  product.line_step = product.result_line_step = product.result_row_step = plane;
  product.pixel_step = product.result_pixel_step = NK_LANES;
  for (ptrdiff_t block = 0; block < blocks; block++) {
    // From the first image, wherever in memory the others lie.
    const float *images = terms[0].images + block * terms[0].channels * plane;
    ptrdiff_t k = 0;
    for (ptrdiff_t i = 0; i < count; i++) {
      const float *others = terms[i].images + block * terms[i].channels * plane;
      ptrdiff_t distance = ((intptr_t)others - (intptr_t)images) / (ptrdiff_t)sizeof(float);
      for (ptrdiff_t c = 0; c < terms[i].channels; c++) offsets[k++] = distance + c * plane;
    }
    nk_run_product(&product, images, result + block * rows * plane);
  }
}
