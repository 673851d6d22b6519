import NetworkGraph

/// The parameters of multi-head attention, as PyTorch lays them out.
struct AttentionWeights {
  /// `[3E, E]`: query, key and value one below the other; nil where they are apart.
  var joined: TracedTensor?
  /// Query, key and value where they are apart: `[E, E]`, `[E, kdim]`, `[E, vdim]`.
  var apart: [TracedTensor] = []
  /// Of query, key and value, `[3E]`.
  var bias: TracedTensor?
  /// `[1, 1, E]`, appended to the keys and values.
  var keyBias: TracedTensor?
  var valueBias: TracedTensor?
  /// Whether zeros are appended to keys and values.
  var addsZero = false
  var output: TracedTensor
  var outputBias: TracedTensor?
}

/// What multi-head attention is applied to; all sequences are `[N, length, features]`.
struct AttentionInputs {
  var query: TracedTensor
  var key: TracedTensor
  var value: TracedTensor
  /// `[N, S]`, to be added.
  var keyMask: TracedTensor?
  /// `[L, S]` or `[N · heads, L, S]`, to be added.
  var mask: TracedTensor?
  var dropout: Double
  /// Whether the weights are wanted too, which PyTorch's fused attention does not give.
  var needsWeights = true
}

extension Interpreter {
  /// A mask as numbers to add to scores, −∞ where nothing may be seen.
  ///
  /// - Parameter hides: what a boolean mask says of a place: that it is hidden, or that it is seen.
  func additiveMask(
    _ mask: TracedTensor, hides: Bool, _ name: String = "attn_mask"
  ) throws(Interruption) -> TracedTensor {
    if mask.dataType.isFloating { return mask }
    guard mask.dataType == .bool else {
      throw raise(.runtimeError, "\(name): only bool and floating types of mask are supported")
    }
    if let known = try knownValues(mask) {
      return try tensor(.values(known.map { ($0 != 0) == hides ? -.infinity : 0 }), mask.shape)
    }
    let (hidden, seen) = (try scalar(-.infinity), try scalar(0))
    return try apply(.select, [mask, hides ? hidden : seen, hides ? seen : hidden], dataType: .float32)
  }

  /// The mask that hides from each of `rows` places all `columns` behind it.
  func causalMask(_ rows: Int, _ columns: Int) throws(Interruption) -> TracedTensor {
    try checkShape([rows, columns])
    try reserve(rows * columns)
    let values = (0..<(rows * columns)).map { $0 % columns > $0 / columns ? -Double.infinity : 0 }
    return try tensor(.values(values), [rows, columns])
  }

  /// A mask of which no row hides everything, and which of its rows did: `[…, L, 1]`, nil where none does.
  private func apartFromHiddenRows(
    _ mask: TracedTensor
  ) throws(Interruption) -> (mask: TracedTensor, hidden: TracedTensor?) {
    guard let columns = mask.shape.last, columns > 0 else { return (mask, nil) }
    if let known = try knownValues(mask) {
      let hidesAny = stride(from: 0, to: known.count, by: columns).contains { row in
        known[row..<(row + columns)].allSatisfy { $0 == -.infinity }
      }
      if !hidesAny { return (mask, nil) }
    }
    let highest = try reduce(.maximum, mask, [mask.rank - 1], keeps: true)
    let hidden = try elementwise(.equal, highest, try scalar(-.infinity, mask.dataType))
    return (try choose(hidden, try scalar(0, mask.dataType), mask), hidden)
  }

  /// softmax(query · keyᵀ · scale + mask) · value, with dropout of the softmax.
  ///
  /// - Parameter zeroesHidden: whether a query from which the mask hides all keys has a product of 0, as in
  ///   PyTorch's fused attention from 2.5 on; else it is NaN.
  /// - Returns: the product, and the softmax behind the dropout.
  func attend(
    _ query: TracedTensor, _ key: TracedTensor, _ value: TracedTensor, mask: TracedTensor?, dropout: Double,
    scale: Double, zeroesHidden: Bool
  ) throws(Interruption) -> (output: TracedTensor, weights: TracedTensor) {
    var (mask, hidden) = (mask, TracedTensor?.none)
    if zeroesHidden, let given = mask { (mask, hidden) = try apartFromHiddenRows(given) }
    let scaled = try elementwise(.multiply, query, try scalar(scale))
    var order = Array(0..<key.rank)
    order.swapAt(key.rank - 1, key.rank - 2)
    var scores = try matrixMultiply(scaled, try permute(key, order))
    if let mask { scores = try elementwise(.add, scores, mask) }
    var weights = try apply(.softmax(axis: scores.rank - 1), scores)
    weights = try self.dropout(weights, dropout, isPerChannel: false, isActive: true)
    var output = try matrixMultiply(weights, value)
    if let hidden { output = try choose(hidden, try scalar(0, output.dataType), output) }
    return (output, weights)
  }

  /// Multi-head attention as `torch.nn.functional.multi_head_attention_forward` computes it.
  ///
  /// - Returns: `[N, L, E]`, and the weights `[N, heads, L, S]`.
  func multiHeadAttention(
    _ inputs: AttentionInputs, _ weights: AttentionWeights, heads: Int
  ) throws(Interruption) -> (output: TracedTensor, weights: TracedTensor) {
    let batch = inputs.query.shape[0]
    let length = inputs.query.shape[1]
    let features = inputs.query.shape[2]
    let (query, projectedKey, projectedValue) = try projections(inputs, weights, features)
    var key = projectedKey
    var value = projectedValue
    var extra = 0
    if let keyBias = weights.keyBias, let valueBias = weights.valueBias {
      key = try concatenate([key, try expand(keyBias, [batch, 1, features])], 1)
      value = try concatenate([value, try expand(valueBias, [batch, 1, features])], 1)
      extra += 1
    }
    if weights.addsZero {
      let zero = try tensor(.fill(0), [batch, 1, features])
      key = try concatenate([key, zero], 1)
      value = try concatenate([value, zero], 1)
      extra += 1
    }
    func split(_ tensor: TracedTensor) throws(Interruption) -> TracedTensor {
      let shape = [batch, tensor.shape[1], heads, features / heads]
      return try permute(try reshape(tensor, shape), [0, 2, 1, 3])
    }
    let result = try attend(
      try split(query), try split(key), try split(value),
      mask: try mergedMask(inputs, heads: heads, length, inputs.key.shape[1], extra: extra),
      dropout: inputs.dropout, scale: (1 / Double(features / heads)).squareRoot(),
      zeroesHidden: !inputs.needsWeights)
    let joined = try reshape(try permute(result.output, [0, 2, 1, 3]), [batch, length, features])
    return (try linear(joined, weights.output, weights.outputBias), result.weights)
  }

  /// Query, key and value by their weights; where the same tensor is all three, at once.
  private func projections(
    _ inputs: AttentionInputs, _ weights: AttentionWeights, _ features: Int
  ) throws(Interruption) -> (TracedTensor, TracedTensor, TracedTensor) {
    let sources = [inputs.query, inputs.key, inputs.value]
    if let joined = weights.joined, inputs.query === inputs.key, inputs.key === inputs.value {
      let all = try linear(inputs.query, joined, weights.bias)
      return (
        try slice(all, 2, 0, features), try slice(all, 2, features, 2 * features),
        try slice(all, 2, 2 * features, 3 * features)
      )
    }
    var results: [TracedTensor] = []
    for (index, source) in sources.enumerated() {
      let (start, end) = (index * features, (index + 1) * features)
      let weight: TracedTensor
      if let joined = weights.joined {
        weight = try slice(joined, 0, start, end)
      } else {
        weight = weights.apart[index]
      }
      var bias: TracedTensor?
      if let whole = weights.bias { bias = try slice(whole, 0, start, end) }
      results.append(try linear(source, weight, bias))
    }
    return (results[0], results[1], results[2])
  }

  /// Both masks as one that fits `[N, heads, L, S + extra]`.
  private func mergedMask(
    _ inputs: AttentionInputs, heads: Int, _ length: Int, _ sourceLength: Int, extra: Int
  ) throws(Interruption) -> TracedTensor? {
    let batch = inputs.query.shape[0]
    func padded(_ mask: TracedTensor) throws(Interruption) -> TracedTensor {
      guard extra > 0 else { return mask }
      var shape = mask.shape
      shape[shape.count - 1] = extra
      return try concatenate([mask, try tensor(.fill(0), shape)], shape.count - 1)
    }
    var result: TracedTensor?
    if var mask = inputs.mask {
      switch mask.rank {
      case 2:
        guard mask.shape == [length, sourceLength] else {
          throw raise(
            .runtimeError,
            "The shape of the 2D attn_mask is \(mask.shape), but should be (\(length), \(sourceLength)).",
            identifier: "torch.shape")
        }
      case 3:
        let expected = [batch * heads, length, sourceLength]
        guard mask.shape == expected else {
          throw raise(
            .runtimeError, "The shape of the 3D attn_mask is \(mask.shape), but should be \(expected).",
            identifier: "torch.shape")
        }
        mask = try reshape(mask, [batch, heads, length, sourceLength])
      default:
        throw raise(
          .runtimeError, "attn_mask's dimension \(mask.rank) is not supported", identifier: "torch.shape")
      }
      result = try padded(mask)
    }
    guard let keyMask = inputs.keyMask else { return result }
    guard keyMask.shape == [batch, sourceLength] else {
      throw raise(
        .runtimeError,
        "key_padding_mask should be of shape [\(batch), \(sourceLength)], but is \(keyMask.shape)",
        identifier: "torch.shape")
    }
    let mask = try padded(try reshape(keyMask, [batch, 1, 1, sourceLength]))
    return try result.map { (other) throws(Interruption) in try elementwise(.add, other, mask) } ?? mask
  }
}
