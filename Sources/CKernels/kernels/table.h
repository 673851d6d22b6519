// The body of one variant: all kernels and the table NICHE_TABLE of them. Included once by each variant's file,
// with the target's attribute pushed and NK_WIDTH the number of floats in its vectors.

#include "functions.h"
#include "blocks.h"
#include "elementwise.h"
#include "copy.h"
#include "indexing.h"
#include "reduction.h"
#include "order.h"
#include "normalization.h"
#include "layer_normalization.h"
#include "pooling.h"
#include "convolution.h"
#include "blocked_maxima.h"
#include "blocked_pooling.h"
#include "panels.h"
#include "gradient_tiles.h"
#include "gemm_tiles.h"
#include "gemm.h"
#include "depthwise.h"
#include "depthwise_gradient.h"
#include "attention.h"
#include "blocked_convolution.h"
#include "blocked_weight_gradient.h"
#include "pointwise_sums.h"
#include "winograd_transforms.h"
#include "winograd.h"
#include "winograd_gradient.h"
#include "training.h"
#include "peak.h"

const niche_kernels NICHE_TABLE = {
    .unary = nk_unary,
    .unary_gradient = nk_unary_gradient,
    .unary_gradient_and_value = nk_unary_gradient_and_value,
    .binary = nk_binary,
    .binary_integer = nk_binary_integer,
    .select = nk_select,
    .cast_to_integer = nk_cast_to_integer,
    .cast_to_float = nk_cast_to_float,
    .index_outside = nk_index_outside,
    .gather = nk_gather,
    .scatter_add = nk_scatter_add,
    .take = nk_take,
    .take_gradient = nk_take_gradient,
    .copy = nk_copy,
    .fill = nk_fill,
    .reduce = nk_reduce,
    .reduce_integer = nk_reduce_integer,
    .cumulative_sum = nk_cumulative_sum,
    .cumulative_sum_integer = nk_cumulative_sum_integer,
    .argument = nk_argument,
    .argument_integer = nk_argument_integer,
    .sort = nk_sort,
    .sort_integer = nk_sort_integer,
    .softmax = nk_softmax,
    .cross_entropy = nk_cross_entropy,
    .cross_entropy_gradient = nk_cross_entropy_gradient,
    .multiply = nk_multiply,
    .pack_right = nk_pack_right,
    .attention = nk_attention,
    .attention_gradient = nk_attention_gradient,
    .channel_moments = nk_channel_moments,
    .channel_affine = nk_channel_affine,
    .channel_gradient_moments = nk_channel_gradient_moments,
    .channel_gradient = nk_channel_gradient,
    .layer_normalization = nk_layer_normalization,
    .layer_normalization_gradient = nk_layer_normalization_gradient,
    .maximum_pooling = nk_maximum_pooling,
    .maximum_pooling_gradient = nk_maximum_pooling_gradient,
    .average_pooling = nk_average_pooling,
    .average_pooling_gradient = nk_average_pooling_gradient,
    .adaptive_average_pooling = nk_adaptive_average_pooling,
    .adaptive_average_pooling_gradient = nk_adaptive_average_pooling_gradient,
    .adaptive_maximum_pooling = nk_adaptive_maximum_pooling,
    .maximum_pooling_blocks = nk_maximum_pooling_blocks,
    .maximum_pooling_gradient_blocks = nk_maximum_pooling_gradient_blocks,
    .maximum_pooling_gradient_windows = nk_maximum_pooling_gradient_windows,
    .average_pooling_blocks = nk_average_pooling_blocks,
    .average_pooling_gradient_blocks = nk_average_pooling_gradient_blocks,
    .adaptive_average_pooling_blocks = nk_adaptive_average_pooling_blocks,
    .adaptive_average_pooling_gradient_blocks = nk_adaptive_average_pooling_gradient_blocks,
    .adaptive_maximum_pooling_blocks = nk_adaptive_maximum_pooling_blocks,
    .image_to_columns = nk_image_to_columns,
    .columns_to_image = nk_columns_to_image,
    .convolve = nk_convolve,
    .convolve_input_gradient = nk_convolve_input_gradient,
    .convolve_weight_gradient = nk_convolve_weight_gradient,
    .to_blocks = nk_to_blocks,
    .from_blocks = nk_from_blocks,
    .clear_lanes = nk_clear_lanes,
    .convolve_blocks = nk_convolve_blocks,
    .convolve_blocks_input_gradient = nk_convolve_blocks_input_gradient,
    .convolve_blocks_weight_gradient = nk_convolve_blocks_weight_gradient,
    .convolve_pointwise_sum = nk_convolve_pointwise_sum,
    .convolve_winograd = nk_convolve_winograd,
    .convolve_winograd_input_gradient = nk_convolve_winograd_input_gradient,
    .convolve_winograd_weight_gradient = nk_convolve_winograd_weight_gradient,
    .fill_rows = nk_fill_rows,
    .dropout = nk_dropout,
    .random = nk_random,
    .sgd = nk_sgd,
    .adam = nk_adam,
    .sum_of_squares = nk_sum_of_squares,
    .scale = nk_scale,
    .multiply_add = nk_multiply_add,
};
