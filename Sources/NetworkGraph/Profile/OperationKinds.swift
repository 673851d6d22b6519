extension Operation {
  /// What a person counts the operation as, such as `conv2d`, `linear`, `batch_norm` or `relu`.
  ///
  /// Where PyTorch has a name for it this is that name, else the operation's own in lower case with underscores.
  public var kind: String {
    switch self {
    case .convolution: "conv2d"
    case .convolutionInputGradient: "conv_transpose2d"
    case .matrixMultiply: "matmul"
    case .batchNormalization: "batch_norm"
    case .maximumPooling: "max_pool2d"
    case .averagePooling: "avg_pool2d"
    case .adaptiveAveragePooling: "adaptive_avg_pool2d"
    case .adaptiveMaximumPooling: "adaptive_max_pool2d"
    case .concatenate: "cat"
    case .transpose: "permute"
    default: Self.underscored(name)
    }
  }

  /// Every kind that there is, from the registry of operations.
  public static let kinds: Set<String> = Set(
    OperationCase.all.map(\.operation.kind) + ["conv1d", "depthwise_conv2d", "layer_norm"])

  /// `leakyReLU` as `leaky_relu`.
  private static func underscored(_ name: String) -> String {
    var result = ""
    var wasLower = false
    for character in name {
      if character.isUppercase, wasLower { result += "_" }
      wasLower = !character.isUppercase
      result += character.lowercased()
    }
    return result
  }
}

extension Graph {
  /// The kind of a node; tells apart what the operation alone does not show.
  ///
  /// A convolution with as many groups as channels is a `depthwise_conv2d`; one over images of height 1 with a
  /// kernel of height 1, as the compiler makes of `nn.Conv1d`, a `conv1d`.
  func kind(of node: Node) -> String {
    guard case .convolution(let convolution) = node.operation, node.inputs.count >= 2 else {
      return node.operation.kind
    }
    let images = type(of: node.inputs[0]).shape
    let weight = type(of: node.inputs[1]).shape
    if case .reshape = producer(of: node.inputs[1]).operation, weight[2] == 1, images[2] == 1 {
      return "conv1d"
    }
    return convolution.groups > 1 && convolution.groups == images[1] ? "depthwise_conv2d" : "conv2d"
  }
}
