extension OperationCase {
  static let normalisations: [OperationCase] =
    [
      ([4, 3, 3, 2], 1e-5, 0.1), ([6, 4], 1e-5, 0.1), ([2, 3, 5], 1e-3, 0.3), ([3, 2, 1, 2], 0.1, 1),
    ].flatMap { shape, epsilon, momentum in
      [(true, true), (true, false), (false, true), (false, false)].flatMap { isAffine, isTracked in
        batchNormalization(
          shape,
          BatchNormalization(
            epsilon: epsilon, momentum: momentum, isAffine: isAffine, tracksRunningStatistics: isTracked,
            isTraining: true))
      }
    }

  static let layerNormalisations: [OperationCase] =
    [([4, 3, 5], 1, 1e-5), ([2, 3, 5], 2, 1e-3), ([7], 1, 0.1), ([2, 600], 1, 1e-5), ([130, 3], 1, 1e-5)]
    .flatMap { shape, axisCount, epsilon in
      [(true, true), (true, false), (false, true), (false, false)].flatMap { hasWeight, hasBias in
        layerNormalization(
          shape,
          LayerNormalization(
            epsilon: epsilon, axisCount: axisCount, hasWeight: hasWeight, hasBias: hasBias))
      }
    }

  private static func layerNormalization(
    _ shape: [Int], _ normalization: LayerNormalization
  ) -> [OperationCase] {
    let row = Array(shape.suffix(normalization.axisCount))
    let rows = Array(shape.dropLast(normalization.axisCount))
    let weights: [Operand] = normalization.hasWeight ? [.tensor(row, values: .positive)] : []
    let biases: [Operand] = normalization.hasBias ? [.tensor(row)] : []
    let label =
      "\(shape) over \(normalization.axisCount)\(normalization.hasWeight ? " weight" : "")"
      + (normalization.hasBias ? " bias" : "")
    let weight = normalization.hasWeight ? "x1" : "None"
    let bias = normalization.hasBias ? "x\(1 + weights.count)" : "None"
    let mask = "[True, \(normalization.hasWeight.python), \(normalization.hasBias.python)]"
    return [
      OperationCase(
        "layerNormalization \(label)", .layerNormalization(normalization),
        [.tensor(shape)] + weights + biases,
        torch: "layer_norm(x0, \(pythonTuple(row)), \(weight), \(bias), \(normalization.epsilon))"),
      OperationCase(
        "layerNormalizationGradient \(label)", .layerNormalizationGradient(normalization),
        [.tensor(shape), .tensor(rows), .tensor(rows, values: .positive)] + weights + [.tensor(shape)],
        torch: "layer_norm_gradient(x\(3 + weights.count), x0, \(pythonTuple(row)), x1, x2, "
          + "\(normalization.hasWeight ? "x3" : "None"), \(mask))"),
    ]
  }

  private static func batchNormalization(
    _ shape: [Int], _ training: BatchNormalization
  ) -> [OperationCase] {
    let channels = Operand.tensor(shape[1])
    let positive = Operand.tensor(shape[1], values: .positive)
    let affine = training.isAffine ? [positive, channels] : []
    // PyTorch's gradients do not reach running statistics, ours do.
    let tracked =
      training.tracksRunningStatistics
      ? [
        Operand(channels.type, .normal, isDifferentiable: true),
        Operand(channels.type, .positive, isDifferentiable: true),
      ] : []
    let (weight, bias) = training.isAffine ? ("x1", "x2") : ("None", "None")
    let first = training.isAffine ? 3 : 1
    let (mean, variance) =
      training.tracksRunningStatistics ? ("x\(first)", "x\(first + 1)") : ("None", "None")
    let numbers = "\(training.momentum), \(training.epsilon)"
    let label =
      "\(shape)\(training.isAffine ? " affine" : "")\(training.tracksRunningStatistics ? " tracked" : "")"
    var cases = [
      OperationCase(
        "batchNormalization training \(label)", .batchNormalization(training),
        [.tensor(shape)] + affine + tracked,
        torch: "batch_norm(x0, \(weight), \(bias), \(mean), \(variance), \(numbers))"),
      OperationCase(
        "batchNormalizationGradient \(label)", .batchNormalizationGradient(training),
        [.tensor(shape), channels, positive] + (training.isAffine ? [positive] : []) + [.tensor(shape)],
        torch: "torch.ops.aten.native_batch_norm_backward(x\(training.isAffine ? 4 : 3), x0, "
          + "\(training.isAffine ? "x3" : "None"), None, None, x1, x2, True, \(training.epsilon), "
          + "[True, \(training.isAffine.python), \(training.isAffine.python)])"
          + (training.isAffine ? "" : "[:1]")),
    ]
    if training.tracksRunningStatistics {
      var evaluation = training
      evaluation.isTraining = false
      cases.append(
        OperationCase(
          "batchNormalization evaluation \(label)", .batchNormalization(evaluation),
          [.tensor(shape)] + affine + tracked,
          torch: "F.batch_norm(x0, \(mean), \(variance), \(weight), \(bias), False, \(numbers))"))
    }
    return cases
  }
}
