// Numeric kernels over float32 arrays. One body (kernels/) is compiled for several instruction sets; callers
// choose a table at run time with `niche_kernels_for`.
//
// Arrays are dense and row-major. Kernels never allocate, keep no state and may run on any number of threads.
// Where a result may overwrite an operand (same address, same count) the comment says "in place".
#ifndef NICHE_CKERNELS_H
#define NICHE_CKERNELS_H

#include <stddef.h>
#include <stdint.h>

#if defined(__clang__)
#pragma clang assume_nonnull begin
#endif

#define NICHE_MAXIMUM_RANK 32
// How many images a block has. In blocks, a tensor [N, …] lies as [N/16, …, 16].
#define NICHE_BLOCK_SIZE 16

// The order is the order of preference.
enum niche_instruction_set {
  NICHE_PORTABLE = 0,
  NICHE_AVX2 = 1,
  NICHE_AVX512 = 2,
};

enum niche_unary_function {
  NICHE_RELU,
  NICHE_RELU6,
  NICHE_LEAKY_RELU,
  NICHE_ELU,
  NICHE_GELU,
  NICHE_GELU_TANH,
  NICHE_SILU,
  NICHE_SIGMOID,
  NICHE_TANH,
  NICHE_HARD_SIGMOID,
  NICHE_HARD_SWISH,
  NICHE_SOFTPLUS,
  NICHE_MISH,
  NICHE_EXPONENTIAL,
  NICHE_LOGARITHM,
  NICHE_SQUARE_ROOT,
  NICHE_RECIPROCAL,
  NICHE_NEGATE,
  NICHE_ABSOLUTE,
  NICHE_SQUARE,
  NICHE_SINE,
  NICHE_COSINE,
  NICHE_ERROR_FUNCTION,
  NICHE_TANGENT,
  NICHE_ARC_SINE,
  NICHE_ARC_COSINE,
  NICHE_ARC_TANGENT,
  NICHE_HYPERBOLIC_SINE,
  NICHE_HYPERBOLIC_COSINE,
  NICHE_INVERSE_HYPERBOLIC_SINE,
  NICHE_INVERSE_HYPERBOLIC_COSINE,
  NICHE_INVERSE_HYPERBOLIC_TANGENT,
  NICHE_COMPLEMENTARY_ERROR_FUNCTION,
  NICHE_LOGARITHM_PLUS_1,
  NICHE_EXPONENTIAL_MINUS_1,
  NICHE_LOGARITHM_2,
  NICHE_LOGARITHM_10,
  NICHE_RECIPROCAL_SQUARE_ROOT,
  NICHE_LOG_SIGMOID,
  NICHE_SOFTSIGN,
  NICHE_CLAMP,
  NICHE_HARD_TANH,
  NICHE_FLOOR,
  NICHE_CEILING,
  NICHE_ROUND,
  NICHE_TRUNCATE,
  NICHE_SIGN,
  NICHE_IS_NAN,
  NICHE_IS_INFINITE,
  NICHE_IS_FINITE,
  // Where a function may be left out.
  NICHE_NO_FUNCTION = -1,
};

enum niche_binary_function {
  NICHE_ADD,
  NICHE_SUBTRACT,
  NICHE_MULTIPLY,
  NICHE_DIVIDE,
  NICHE_POWER,
  NICHE_MAXIMUM,
  NICHE_MINIMUM,
  NICHE_EQUAL,
  NICHE_LESS,
  NICHE_LESS_OR_EQUAL,
  NICHE_NOT_EQUAL,
  NICHE_REMAINDER,
  NICHE_TRUNCATED_REMAINDER,
  NICHE_FLOOR_DIVIDE,
  NICHE_ARC_TANGENT_2,
};

enum niche_reduction {
  NICHE_SUM,
  NICHE_REDUCE_MAXIMUM,
  NICHE_REDUCE_MINIMUM,
  NICHE_PRODUCT,
};

// Which of the portions that a sum is made of: the first begins with 0, the last yields it; both for all at once.
enum niche_portion { NICHE_FIRST = 1, NICHE_LAST = 2 };

enum niche_distribution {
  NICHE_UNIFORM,
  NICHE_NORMAL,
  NICHE_BERNOULLI,
};

// A window that slides over `planes` planes of height × width.
typedef struct {
  ptrdiff_t planes;
  ptrdiff_t height, width;
  ptrdiff_t result_height, result_width;
  ptrdiff_t kernel_height, kernel_width;
  ptrdiff_t stride_height, stride_width;
  ptrdiff_t padding_height, padding_width;
  ptrdiff_t dilation_height, dilation_width;
  // Average pooling: whether padding counts, and a divisor in place of the count (0: none).
  int32_t counts_padding;
  ptrdiff_t divisor;
} niche_window;

// A function of one number with its parameters, as `unary` takes them, or none.
typedef struct {
  int32_t function;
  float p, q;
} niche_activation;

// An activation of x · scale[c] + shift[c], by which a gradient is brought back to the activation's operand.
typedef struct {
  niche_activation activation;
  const float *scale, *shift;
} niche_gate;

// Between what results are kept; NaN where there is no bound.
typedef struct {
  float lower, upper;
} niche_bounds;

// What becomes of a convolution's results before they are stored.
typedef struct {
  // Added to them, in their shape; the results may lie over it.
  const float *_Nullable residual;
  niche_bounds bounds;
  // If there is one, in the results' shape: they are 0 where its numbers are not between the bounds, in place of being
  // kept between them themselves. The results may lie over it.
  const float *_Nullable gate;
} niche_finish;

// The geometry of one group of a convolution on one image.
typedef struct {
  ptrdiff_t channels, height, width;
  ptrdiff_t result_channels, result_height, result_width;
  ptrdiff_t kernel_height, kernel_width;
  ptrdiff_t stride_height, stride_width;
  ptrdiff_t padding_height, padding_width;
  ptrdiff_t dilation_height, dilation_width;
} niche_convolution;

// A convolution by single pixels in a sum of such: blocks of images and a weight, with the steps from one channel of the
// sum, and of the images, to the next in the weight.
typedef struct {
  ptrdiff_t channels;
  const float *images, *weight;
  ptrdiff_t row_step, channel_step;
} niche_pointwise_term;

// A product of matrices: rows × columns, sums over `inner`. Steps lead from one element to the next along an axis; one
// of each operand's is 1, and so is that of the result's columns.
typedef struct {
  ptrdiff_t rows, columns, inner;
  ptrdiff_t left_row, left_inner;
  ptrdiff_t right_inner, right_column;
  ptrdiff_t result_row;
  // Whether the product is added to the result.
  int32_t adds;
  // Whether the right operand is what `pack_right` makes of it, whatever its steps.
  int32_t right_is_packed;
  // The columns of the whole product where this is a part of it, so that sums are divided as in the whole; else 0.
  ptrdiff_t all_columns;
} niche_product;

// How a head's matrix lies, whose rows are dense: from one row to the next, and to the head that comes behind, which is
// fetched ahead.
typedef struct {
  ptrdiff_t row, head;
} niche_rows;

// One head of attention: q [queries, features], k [keys, features], v [keys, values]; the mask's steps are from one
// query and from one key to the next, the latter 0 or 1. `gradient` is that of the result; the gradients' steps are read
// by the gradient alone.
typedef struct {
  ptrdiff_t queries, keys, features, values;
  ptrdiff_t mask_query, mask_key;
  float scale;
  niche_rows q, k, v, result, gradient, q_gradient, k_gradient, v_gradient;
} niche_attention;

typedef struct {
  // result[i] = f(x[i]); in place. p is the slope or alpha where the function has one; p and q are bounds.
  void (*unary)(int32_t function, float p, float q, ptrdiff_t count, const float *x, float *result);
  // result[i] = f'(x[i]) · gradient[i]; in place on either.
  void (*unary_gradient)(
      int32_t function, float p, float q, ptrdiff_t count, const float *x, const float *gradient, float *result);
  // Both; the gradient's result in place on the gradient, the value on x.
  void (*unary_gradient_and_value)(
      int32_t function, float p, float q, ptrdiff_t count, const float *x, const float *gradient, float *result,
      float *value);

  // Loops over `extents` (rank ≤ NICHE_MAXIMUM_RANK); the innermost strides are 0 or 1, the result is dense.
  // In place on an operand whose strides are dense.
  void (*binary)(
      int32_t function, ptrdiff_t rank, const ptrdiff_t *extents, const ptrdiff_t *left_strides,
      const ptrdiff_t *right_strides, const float *left, const float *right, float *result);
  void (*binary_integer)(
      int32_t function, ptrdiff_t rank, const ptrdiff_t *extents, const ptrdiff_t *left_strides,
      const ptrdiff_t *right_strides, const int32_t *left, const int32_t *right, int32_t *result);

  // result = a where the condition is not 0, else b, for 4-byte elements; loops and strides as `binary`.
  // In place on an operand whose strides are dense.
  void (*select)(
      ptrdiff_t rank, const ptrdiff_t *extents, const ptrdiff_t *condition_strides, const ptrdiff_t *a_strides,
      const ptrdiff_t *b_strides, const float *condition, const void *a, const void *b, void *result);
  // In place. Fractions are dropped, what does not fit is clamped, NaN becomes 0.
  void (*cast_to_integer)(ptrdiff_t count, const void *x, void *result);
  void (*cast_to_float)(ptrdiff_t count, const void *x, void *result);

  // The place of the first index that is not in 0 ..< extent, or −1.
  ptrdiff_t (*index_outside)(ptrdiff_t count, ptrdiff_t extent, const int32_t *indices);
  // result[i] = x[at strides + indices[i] · axis_stride] for 4-byte elements; indices and result are dense over
  // `extents`. No index is checked, here and below.
  void (*gather)(
      ptrdiff_t rank, const ptrdiff_t *extents, const ptrdiff_t *strides, ptrdiff_t axis_stride,
      const int32_t *indices, const void *x, void *result);
  // result[at strides + indices[i] · axis_stride] += gradient[i].
  void (*scatter_add)(
      ptrdiff_t rank, const ptrdiff_t *extents, const ptrdiff_t *strides, ptrdiff_t axis_stride,
      const int32_t *indices, const float *gradient, float *result);
  // x: [outer, extent, inner] → result: [outer, count, inner], for 4-byte elements.
  void (*take)(
      ptrdiff_t outer, ptrdiff_t extent, ptrdiff_t inner, ptrdiff_t count, const int32_t *indices, const void *x,
      void *result);
  // gradient: [outer, count, inner], added to the result: [outer, extent, inner].
  void (*take_gradient)(
      ptrdiff_t outer, ptrdiff_t extent, ptrdiff_t inner, ptrdiff_t count, const int32_t *indices,
      const float *gradient, float *result);

  // result[at result strides] = source[at source strides] for 4-byte elements, any strides.
  void (*copy)(
      ptrdiff_t rank, const ptrdiff_t *extents, const ptrdiff_t *source_strides, const ptrdiff_t *result_strides,
      const void *source, void *result);
  // Sets 4-byte elements to that bit pattern.
  void (*fill)(ptrdiff_t count, uint32_t bits, void *result);

  // Dense x over `extents` into the result at `result_strides` (0 along reduced axes, innermost 0 or 1).
  // Sums and products are taken in double precision in `accumulators` (result_count of them); sums are multiplied
  // by `scale`. Those of some of the elements need the accumulators as the portion before left them.
  void (*reduce)(
      int32_t kind, int32_t portion, ptrdiff_t rank, const ptrdiff_t *extents, const ptrdiff_t *result_strides,
      const float *x, ptrdiff_t result_count, double scale, double *accumulators, float *result);

  // The same for whole numbers, which wrap.
  void (*reduce_integer)(
      int32_t kind, ptrdiff_t rank, const ptrdiff_t *extents, const ptrdiff_t *result_strides, const int32_t *x,
      ptrdiff_t result_count, int32_t *result);

  // Running sums of [outer, extent, inner] along the middle axis, from its end if `reversed`; in place.
  void (*cumulative_sum)(
      ptrdiff_t outer, ptrdiff_t extent, ptrdiff_t inner, int32_t reversed, const float *x, float *result);
  void (*cumulative_sum_integer)(
      ptrdiff_t outer, ptrdiff_t extent, ptrdiff_t inner, int32_t reversed, const int32_t *x, int32_t *result);
  // [outer, extent, inner] → [outer, inner], the first place of the maximum (or minimum); the first NaN wins.
  void (*argument)(
      ptrdiff_t outer, ptrdiff_t extent, ptrdiff_t inner, int32_t minimum, const float *x, int32_t *result);
  void (*argument_integer)(
      ptrdiff_t outer, ptrdiff_t extent, ptrdiff_t inner, int32_t minimum, const int32_t *x, int32_t *result);
  // [outer, extent, inner] along the middle axis, stable, with NaN as the greatest. `scratch` holds 12 · extent
  // bytes.
  void (*sort)(
      ptrdiff_t outer, ptrdiff_t extent, ptrdiff_t inner, int32_t descending, const float *x, float *result,
      int32_t *indices, void *scratch);
  void (*sort_integer)(
      ptrdiff_t outer, ptrdiff_t extent, ptrdiff_t inner, int32_t descending, const int32_t *x, int32_t *result,
      int32_t *indices, void *scratch);

  // x and result: [outer, extent, inner], over the middle axis; in place.
  // `scratch` holds 2 · inner floats.
  void (*softmax)(
      ptrdiff_t outer, ptrdiff_t extent, ptrdiff_t inner, int32_t logarithm, const float *x, float *result,
      float *scratch);

  // Mean cross-entropy of `rows` rows of logits. Label −100 leaves the row out (PyTorch's ignore_index); any other
  // label outside 0 ..< classes makes the loss NaN.
  float (*cross_entropy)(
      ptrdiff_t rows, ptrdiff_t classes, double smoothing, const float *logits, const int32_t *labels);
  // Gradient with respect to the logits, times `scale`; in place on the logits.
  void (*cross_entropy_gradient)(
      ptrdiff_t rows, ptrdiff_t classes, double smoothing, float scale, const float *logits, const int32_t *labels,
      float *result);

  // result = left · right, plus bias[column] if there is one and nothing is added to. `scratch` holds as many bytes as
  // `niche_product_scratch` says, on a boundary of 64.
  void (*multiply)(
      const niche_product *product, const float *left, const float *right, const float *_Nullable bias,
      float *result, void *scratch);
  // The right operand in the order in which products with a left one that is not transposed read it; `packed` has room
  // for as many bytes as `niche_packed_right` says, on a boundary of 64.
  void (*pack_right)(const niche_product *product, const float *right, float *packed);

  // result = softmax(scale · q · kᵀ + mask) · v, with the logarithm of each query's sum of exponentials. `scratch`
  // holds as many bytes as `niche_attention_scratch` says, on a boundary of 64.
  void (*attention)(
      const niche_attention *shape, const float *q, const float *k, const float *v, const float *_Nullable mask,
      float *result, float *log_sums, void *scratch);
  // The gradients of q, k and v from that of the result, which is given too, and the logarithms.
  void (*attention_gradient)(
      const niche_attention *shape, const float *q, const float *k, const float *v, const float *_Nullable mask,
      const float *result, const float *log_sums, const float *gradient, float *q_gradient, float *k_gradient,
      float *v_gradient, void *scratch);

  // x: [images, channels, plane]; of the channels begin ..< end, here and below. `pivots` receives a number near those
  // of the channel, `sums` and `squares` Σ(x − pivot) and Σ(x − pivot)², channels each, as do the other sums here: of a
  // portion after the first, what that one left and these.
  void (*channel_moments)(
      ptrdiff_t images, ptrdiff_t channels, ptrdiff_t plane, ptrdiff_t begin, ptrdiff_t end, int32_t portion,
      const float *x, float *pivots, double *sums, double *squares);
  // result = f(x · scale[c] + shift[c] + residual); in place on x or the residual.
  void (*channel_affine)(
      ptrdiff_t images, ptrdiff_t channels, ptrdiff_t plane, ptrdiff_t begin, ptrdiff_t end, const float *x,
      const float *scale, const float *shift, const float *_Nullable residual, niche_activation f, float *result);
  // `sums` and `products` receive Σg and Σg·(x − mean[c]), where g has come through the gate if there is one.
  void (*channel_gradient_moments)(
      ptrdiff_t images, ptrdiff_t channels, ptrdiff_t plane, ptrdiff_t begin, ptrdiff_t end, int32_t portion,
      const float *x, const float *mean, const float *gradient,
      const niche_gate *_Nullable gate, double *sums, double *products);
  // result = ((g − a[c]) − (x − mean[c]) · b[c]) · scale[c]; in place on x or g.
  void (*channel_gradient)(
      ptrdiff_t images, ptrdiff_t channels, ptrdiff_t plane, ptrdiff_t begin, ptrdiff_t end, const float *x,
      const float *mean, const float *gradient, const niche_gate *_Nullable gate, const float *a, const float *b,
      const float *scale, float *result);

  // Each of `rows` rows of `count` elements, minus its mean, by its standard deviation, times weight plus bias; in
  // place. `inverses` receives 1/√(variance + ε).
  void (*layer_normalization)(
      ptrdiff_t rows, ptrdiff_t count, double epsilon, const float *x, const float *_Nullable weight,
      const float *_Nullable bias, float *result, float *means, float *inverses);
  // In place on x or the gradient. `scratch` holds 32 · count bytes, on a boundary of 8.
  void (*layer_normalization_gradient)(
      ptrdiff_t rows, ptrdiff_t count, const float *x, const float *means, const float *inverses,
      const float *_Nullable weight, const float *gradient, float *result, float *_Nullable weight_gradient,
      float *_Nullable bias_gradient, void *scratch);

  void (*maximum_pooling)(const niche_window *window, const float *x, float *result, int32_t *indices);
  // The result, planes × plane_size, is zeroed first; an index outside a plane is left out.
  void (*maximum_pooling_gradient)(
      ptrdiff_t planes, ptrdiff_t plane_size, ptrdiff_t result_plane_size, const float *gradient,
      const int32_t *indices, float *result);
  void (*average_pooling)(const niche_window *window, const float *x, float *result);
  void (*average_pooling_gradient)(const niche_window *window, const float *gradient, float *result);
  // Adaptive pooling reads only planes, height, width, result_height and result_width.
  void (*adaptive_average_pooling)(const niche_window *window, const float *x, float *result);
  void (*adaptive_average_pooling_gradient)(const niche_window *window, const float *gradient, float *result);
  void (*adaptive_maximum_pooling)(const niche_window *window, const float *x, float *result, int32_t *indices);

  // The same for planes of blocks, [height, width, 16]; indices are places in the plane of one image.
  void (*maximum_pooling_blocks)(const niche_window *window, const float *x, float *result, int32_t *indices);
  void (*maximum_pooling_gradient_blocks)(
      ptrdiff_t planes, ptrdiff_t plane_size, ptrdiff_t result_plane_size, const float *gradient,
      const int32_t *indices, float *result);
  // The same where the indices are those that `maximum_pooling_blocks` gives for the window.
  void (*maximum_pooling_gradient_windows)(
      const niche_window *window, const float *gradient, const int32_t *indices, float *result);
  void (*average_pooling_blocks)(const niche_window *window, const float *x, float *result);
  void (*average_pooling_gradient_blocks)(const niche_window *window, const float *gradient, float *result);
  void (*adaptive_average_pooling_blocks)(const niche_window *window, const float *x, float *result);
  void (*adaptive_average_pooling_gradient_blocks)(
      const niche_window *window, const float *gradient, float *result);
  void (*adaptive_maximum_pooling_blocks)(
      const niche_window *window, const float *x, float *result, int32_t *indices);

  // columns: [channels · kernel_height · kernel_width, (end − begin) · result_width], for rows begin ..< end of
  // the result.
  void (*image_to_columns)(
      const niche_convolution *shape, ptrdiff_t begin, ptrdiff_t end, const float *image, float *columns);
  // Adds the columns to the image.
  void (*columns_to_image)(
      const niche_convolution *shape, ptrdiff_t begin, ptrdiff_t end, const float *columns, float *image);
  // result += image ⋆ weight, one group of one image, without a column matrix.
  void (*convolve)(const niche_convolution *shape, const float *image, const float *weight, float *result);
  // image_gradient += …
  void (*convolve_input_gradient)(
      const niche_convolution *shape, const float *weight, const float *gradient, float *image_gradient);
  // weight_gradient += …
  void (*convolve_weight_gradient)(
      const niche_convolution *shape, const float *image, const float *gradient, float *weight_gradient);
  // [images, size] → [⌈images / 16⌉, size, 16] for 4-byte elements, with 0 behind the last image, and back.
  void (*to_blocks)(ptrdiff_t images, ptrdiff_t size, const float *x, float *result);
  void (*from_blocks)(ptrdiff_t images, ptrdiff_t size, const float *x, float *result);
  // [size, 16] with 0 in the lanes from `first` on.
  void (*clear_lanes)(ptrdiff_t size, ptrdiff_t first, float *result);
  // Convolutions of blocks of images, `groups` times the shape side by side. `scratch` holds as many bytes as
  // `niche_block_convolution_scratch` says, on a boundary of 64.
  void (*convolve_blocks)(
      const niche_convolution *shape, ptrdiff_t groups, ptrdiff_t blocks, const float *images, const float *weight,
      const float *_Nullable bias, const niche_finish *finish, float *result, void *scratch);
  void (*convolve_blocks_input_gradient)(
      const niche_convolution *shape, ptrdiff_t groups, ptrdiff_t blocks, const float *weight, const float *gradient,
      const niche_finish *finish, float *image_gradient, void *scratch);
  // Of the weights of the result channels begin ..< end, counted over all groups. The result of a portion is complete
  // with the last.
  void (*convolve_blocks_weight_gradient)(
      const niche_convolution *shape, ptrdiff_t groups, ptrdiff_t blocks, ptrdiff_t begin, ptrdiff_t end,
      int32_t portion, const float *images, const float *gradient, float *weight_gradient, void *scratch);
  // A sum of `count` convolutions of blocks of images of so many pixels to `rows` channels, each result made of the
  // pixels in its place. `scratch` holds as many bytes as `niche_pointwise_sum_scratch` says, on a boundary of 64.
  void (*convolve_pointwise_sum)(
      ptrdiff_t pixels, ptrdiff_t rows, ptrdiff_t blocks, ptrdiff_t count, const niche_pointwise_term *terms,
      const float *_Nullable bias, const niche_finish *finish, float *result, void *scratch);
  // The same for 3 × 3 or 5 × 5 taps without stride or dilation, by Winograd's minimal filtering; `scratch` as
  // `niche_winograd_scratch` says.
  void (*convolve_winograd)(
      const niche_convolution *shape, ptrdiff_t groups, ptrdiff_t blocks, const float *images, const float *weight,
      const float *_Nullable bias, const niche_finish *finish, float *result, void *scratch);
  void (*convolve_winograd_input_gradient)(
      const niche_convolution *shape, ptrdiff_t groups, ptrdiff_t blocks, const float *weight, const float *gradient,
      const niche_finish *finish, float *image_gradient, void *scratch);
  // `scratch` as `niche_winograd_gradient_scratch` says; from one portion to the next, which only one group can have,
  // it keeps its content.
  void (*convolve_winograd_weight_gradient)(
      const niche_convolution *shape, ptrdiff_t groups, ptrdiff_t blocks, ptrdiff_t begin, ptrdiff_t end,
      int32_t portion, const float *images, const float *gradient, float *weight_gradient, void *scratch);
  // Sets each of `rows` rows of `columns` floats to values[row]; `values` null: to 0.
  void (*fill_rows)(ptrdiff_t rows, ptrdiff_t columns, const float *_Nullable values, float *result);

  // mask = 0 with the probability, else 1/(1 − probability), one draw for each `run` elements in a row;
  // result = x · mask, in place on x. The draws are a function of key and place.
  void (*dropout)(
      uint64_t key, double probability, ptrdiff_t draws, ptrdiff_t run, const float *x, float *result, float *mask);

  // Random numbers, a function of key and place; the probability is that of Bernoulli's 1.
  void (*random)(int32_t distribution, uint64_t key, double probability, ptrdiff_t count, float *result);

  // PyTorch's SGD with dampening 0. `momentum_buffer` starts at 0 and may be null where momentum is 0.
  void (*sgd)(
      ptrdiff_t count, float learning_rate, float momentum, float weight_decay, int32_t nesterov,
      const float *gradients, float *_Nullable momentum_buffer, float *parameters);
  // PyTorch's Adam, or AdamW if `decoupled`. `step` counts from 1.
  void (*adam)(
      ptrdiff_t count, double learning_rate, double beta1, double beta2, double epsilon, double weight_decay,
      int32_t decoupled, int64_t step, const float *gradients, float *first_moments, float *second_moments,
      float *parameters);
  double (*sum_of_squares)(ptrdiff_t count, const float *x);
  // x[i] · factor, in place.
  void (*scale)(ptrdiff_t count, float factor, float *x);

  // The processor's limit: twelve independent chains x ← x · factor + addend that begin with 0 … 11, in registers and in
  // every lane alike. The result is the sum of the chains after so many rounds; `operations` is how many
  // multiplications and additions were done.
  float (*multiply_add)(ptrdiff_t rounds, float factor, float addend, ptrdiff_t *operations);
} niche_kernels;

// The bytes of scratch memory for a convolution of blocks, or −1 where a border makes them too many to be worth it.
ptrdiff_t niche_block_convolution_scratch(const niche_convolution *shape);

// The bytes of scratch memory for a sum of pointwise convolutions of so many channels together, or −1 where they are too
// many.
ptrdiff_t niche_pointwise_sum_scratch(ptrdiff_t rows, ptrdiff_t channels);

// The bytes of scratch memory for a Winograd convolution of so many blocks, or −1 where it cannot be done or the
// direct one is faster.
ptrdiff_t niche_winograd_scratch(const niche_convolution *shape, ptrdiff_t blocks);
// The same for the weight gradient.
ptrdiff_t niche_winograd_gradient_scratch(const niche_convolution *shape, ptrdiff_t blocks);
// Of how many blocks a portion of such a weight gradient must have a multiple, for the same sums as of all at once.
ptrdiff_t niche_winograd_gradient_blocks(const niche_convolution *shape, ptrdiff_t blocks);

// The bytes of scratch memory for a dense product.
ptrdiff_t niche_product_scratch(ptrdiff_t columns, ptrdiff_t inner);
// The bytes of a packed right operand.
ptrdiff_t niche_packed_right(ptrdiff_t columns, ptrdiff_t inner);
// The bytes of scratch memory for attention and its gradient.
ptrdiff_t niche_attention_scratch(const niche_attention *shape);

// The table for that instruction set, or null where this build or this processor does not have it.
const niche_kernels *_Nullable niche_kernels_for(int32_t instruction_set);

#if defined(__clang__)
#pragma clang assume_nonnull end
#endif

#endif
