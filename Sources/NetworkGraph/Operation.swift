/// What a node does.
///
/// Each case's rules (shapes, cost, gradient) stand together in a file of its own family.
public enum Operation: Sendable, Hashable {
  // MARK: Leaves (no inputs)

  /// Fed on each run.
  case input
  /// Read from the variable of that name.
  case parameter(String)
  /// Read from the variable of that name.
  case buffer(String)
  /// The same on each run.
  case constant(Constant)

  // MARK: Dense products

  /// images `[N, C, H, W]`, weight `[O, C/groups, kh, kw]`, bias `[O]` if `hasBias` → `[N, O, H', W']`.
  case convolution(Convolution)
  /// weight, output gradient → gradient of the images, which have `inputShape`.
  ///
  /// This is also PyTorch's transposed convolution, with its input as the output gradient.
  case convolutionInputGradient(Convolution, inputShape: [Int])
  /// images, output gradient → gradient of the weight, which has `weightShape`.
  case convolutionWeightGradient(Convolution, weightShape: [Int])
  /// features `[…, I]`, weight `[O, I]`, bias `[O]` if `hasBias` → `[…, O]`.
  case linear(hasBias: Bool)
  /// `[…, M, K]` · `[…, K, N]` with broadcast leading dimensions; a transposed operand has its last two swapped.
  case matrixMultiply(transposeLeft: Bool, transposeRight: Bool)

  /// q `[…, L, E]`, k `[…, S, E]`, v `[…, S, F]`, then a mask that broadcasts to `[…, L, S]` if there is one
  /// → softmax(scale · q · kᵀ + mask) · v `[…, L, F]`, logarithms of the sums of exponentials `[…, L]`.
  ///
  /// Front ends write it with products and a softmax; `Graph.fusingOperations()` finds those. The mask has no gradient.
  case attention(Attention)
  /// q, k, v, the mask if there is one, result, logarithms, output gradient → gradients of q, k and v.
  case attentionGradient(Attention)

  // MARK: Normalisation

  /// x `[N, C, …]`, then weight and bias if affine, then running mean and variance if tracked.
  ///
  /// Training: → y, batch mean `[C]`, batch 1/√(variance + ε) `[C]`, then new running mean and variance if
  /// tracked. Evaluation (needs running statistics): → y.
  case batchNormalization(BatchNormalization)
  /// x, batch mean, batch 1/√(variance + ε), weight if affine, output gradient
  /// → gradient of x, then of weight and bias if affine. Training mode.
  case batchNormalizationGradient(BatchNormalization)

  /// x `[…, D…]`, then weight and bias `[D…]` where there are any → y, mean `[…]`, 1/√(variance + ε) `[…]`.
  ///
  /// Front ends write it as elementwise operations; `Graph.fusingOperations()` finds those.
  case layerNormalization(LayerNormalization)
  /// x, mean, 1/√(variance + ε), weight if there is one, output gradient
  /// → gradient of x, then of weight and bias where there are any.
  case layerNormalizationGradient(LayerNormalization)

  // MARK: Elementwise

  /// x → y.
  case unary(UnaryFunction)
  /// x, output gradient → gradient of x.
  case unaryGradient(UnaryFunction)
  /// Two operands of one element type with NumPy broadcasting.
  case binary(BinaryFunction)
  /// condition, a, b → a where the condition (float32) is not 0, else b; with NumPy broadcasting.
  ///
  /// What is not taken is not computed with, so that an infinity or NaN there does no harm.
  case select
  /// x → the same numbers in that element type; towards int32 fractions are dropped and what does not fit is clamped.
  case cast(ElementType)
  /// x → y, mask (0 or 1/(1−p), of x's shape): y = x · mask. Training mode only; evaluation drops the node.
  case dropout(Dropout)
  /// Nothing → random numbers, drawn anew at each run.
  case random(RandomTensor)
  /// x → x, of which no gradient is taken.
  case detach

  // MARK: Pooling, over the last two dimensions of `[N, C, H, W]`

  /// x → y, index (int32) of each maximum within its H×W plane.
  case maximumPooling(Pooling)
  /// output gradient, indices → gradient of x. Also serves the adaptive form.
  case maximumPoolingGradient(inputShape: [Int])
  /// x → y.
  case averagePooling(AveragePooling)
  /// output gradient → gradient of x.
  case averagePoolingGradient(AveragePooling, inputShape: [Int])
  /// x → y of that height and width.
  case adaptiveAveragePooling(height: Int, width: Int)
  /// output gradient → gradient of x.
  case adaptiveAveragePoolingGradient(inputShape: [Int])
  /// x → y, index (int32) of each maximum within its H×W plane.
  case adaptiveMaximumPooling(height: Int, width: Int)

  // MARK: Shape

  /// The same elements in the same row-major order.
  case reshape([Int])
  /// Dimension `i` of the result is dimension `permutation[i]` of the operand.
  case transpose([Int])
  /// Broadcasts extents of 1 (and missing leading dimensions) to that shape.
  case expand([Int])
  /// One or more operands, joined along the axis.
  case concatenate(axis: Int)
  /// Part of one axis.
  case slice(Slice)
  /// output gradient → zeros of `inputShape` with the gradient in the slice's places.
  case sliceGradient(Slice, inputShape: [Int])
  /// Adds a border of a constant; one pair per dimension, none negative.
  case pad(before: [Int], after: [Int], value: Float)

  // MARK: Indexing; an index outside the axis ends the run with an error

  /// x, indices (int32, of x's rank and, but for the axis, of no greater extents) → the elements of x at the places
  /// of the indices, whose coordinate along the axis is the index (PyTorch's `gather`).
  case gather(axis: Int)
  /// output gradient, indices → zeros of `inputShape` to which the gradient is added at the places gathered from.
  ///
  /// This is also PyTorch's `scatter_add` into zeros.
  case gatherGradient(axis: Int, inputShape: [Int])
  /// x, indices (int32, any shape) → x with the axis replaced by the shape of the indices (PyTorch's `embedding` and
  /// `index_select`).
  case take(axis: Int)
  /// output gradient, indices → zeros of `inputShape` to which the gradient is added at the places taken from.
  case takeGradient(axis: Int, inputShape: [Int])

  // MARK: Order

  /// x → the index (int32) of the first maximum along the axis, which goes; NaN counts as the greatest.
  case argumentOfMaximum(axis: Int)
  /// x → the index (int32) of the first minimum along the axis, which goes; NaN counts as the least.
  case argumentOfMinimum(axis: Int)
  /// x → x in order along the axis, and the indices (int32) it was taken from; equal elements keep their order.
  ///
  /// NaN counts as the greatest.
  case sort(axis: Int, isDescending: Bool)

  // MARK: Reductions and losses

  /// x → y; of whole numbers all but the mean.
  case reduce(Reduction)
  /// x → the sums of all elements up to each one along the axis, or from it on if reversed.
  case cumulativeSum(axis: Int, isReversed: Bool)
  /// x → probabilities along the axis.
  case softmax(axis: Int)
  /// x → log-probabilities along the axis.
  case logSoftmax(axis: Int)
  /// logits `[N, C]`, labels int32 `[N]` → mean loss, a scalar (PyTorch's label smoothing).
  case crossEntropy(labelSmoothing: Double)
  /// logits, labels, gradient of the loss → gradient of the logits.
  case crossEntropyGradient(labelSmoothing: Double)
}

/// A tensor known when the graph is built.
public enum Constant: Sendable, Hashable {
  case fill(Double, TensorType)
  case values([Float], shape: [Int])
  case integers([Int32], shape: [Int])
}
