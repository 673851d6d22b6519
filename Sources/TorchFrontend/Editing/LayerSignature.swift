import PythonSyntax

/// The positional parameters of PyTorch's leaf modules, to find an argument in the text of a constructor call.
enum LayerSignature {
  /// The parameters in order, by class name.
  static let parameters: [String: [String]] = {
    let convolution = [
      "in_channels", "out_channels", "kernel_size", "stride", "padding", "dilation", "groups", "bias",
      "padding_mode",
    ]
    let transposed = [
      "in_channels", "out_channels", "kernel_size", "stride", "padding", "output_padding", "groups", "bias",
      "dilation", "padding_mode",
    ]
    let batchNorm = ["num_features", "eps", "momentum", "affine", "track_running_stats"]
    let maxPool = ["kernel_size", "stride", "padding", "dilation", "return_indices", "ceil_mode"]
    let averagePool = [
      "kernel_size", "stride", "padding", "ceil_mode", "count_include_pad", "divisor_override",
    ]
    var table: [String: [String]] = [
      "Linear": ["in_features", "out_features", "bias"],
      "Bilinear": ["in1_features", "in2_features", "out_features", "bias"],
      "LayerNorm": ["normalized_shape", "eps", "elementwise_affine"],
      "GroupNorm": ["num_groups", "num_channels", "eps", "affine"],
      "LocalResponseNorm": ["size", "alpha", "beta", "k"],
      "LeakyReLU": ["negative_slope", "inplace"], "PReLU": ["num_parameters", "init"],
      "ELU": ["alpha", "inplace"],
      "CELU": ["alpha", "inplace"], "GELU": ["approximate"], "Softplus": ["beta", "threshold"],
      "Softmax": ["dim"], "LogSoftmax": ["dim"], "Softmin": ["dim"],
      "AdaptiveAvgPool2d": ["output_size"], "AdaptiveMaxPool2d": ["output_size", "return_indices"],
      "AdaptiveAvgPool1d": ["output_size"], "AdaptiveMaxPool1d": ["output_size", "return_indices"],
      "Flatten": ["start_dim", "end_dim"], "Unflatten": ["dim", "unflattened_size"], "Identity": [],
      "Upsample": ["size", "scale_factor", "mode", "align_corners"], "ZeroPad2d": ["padding"],
      "PixelShuffle": ["upscale_factor"], "Sigmoid": [], "Tanh": [], "LogSigmoid": [], "Softsign": [],
      "Tanhshrink": [], "Hardtanh": ["min_val", "max_val", "inplace"],
      "Threshold": ["threshold", "value", "inplace"],
    ]
    for name in ["Conv1d", "Conv2d", "Conv3d"] { table[name] = convolution }
    for name in ["ConvTranspose1d", "ConvTranspose2d", "ConvTranspose3d"] { table[name] = transposed }
    for name in ["BatchNorm1d", "BatchNorm2d", "BatchNorm3d", "InstanceNorm1d", "InstanceNorm2d"] {
      table[name] = batchNorm
    }
    for name in ["MaxPool1d", "MaxPool2d", "MaxPool3d"] { table[name] = maxPool }
    for name in ["AvgPool1d", "AvgPool2d", "AvgPool3d"] { table[name] = averagePool }
    for name in ["Dropout", "Dropout1d", "Dropout2d", "Dropout3d", "AlphaDropout"] {
      table[name] = ["p", "inplace"]
    }
    for name in ["ReLU", "ReLU6", "SELU", "SiLU", "Mish", "Hardswish", "Hardsigmoid"] {
      table[name] = ["inplace"]
    }
    return table
  }()

  /// The classes that are activation functions.
  static let activations: Set<String> = [
    "ReLU", "ReLU6", "LeakyReLU", "PReLU", "ELU", "CELU", "SELU", "GELU", "SiLU", "Mish", "Hardswish",
    "Hardsigmoid",
    "Hardtanh", "Sigmoid", "Tanh", "LogSigmoid", "Softsign", "Softplus",
  ]

  /// The functions of `torch` and `torch.nn.functional` that are activations.
  static let activationFunctions: Set<String> = [
    "relu", "relu6", "leaky_relu", "elu", "celu", "selu", "gelu", "silu", "mish", "hardswish", "hardsigmoid",
    "hardtanh", "sigmoid", "tanh", "softplus", "relu_",
  ]

  /// The classes with a weight that mixes channels or features.
  static let weighted: Set<String> = [
    "Conv1d", "Conv2d", "Conv3d", "ConvTranspose1d", "ConvTranspose2d", "ConvTranspose3d", "Linear",
    "Bilinear",
  ]

  /// The name of the argument that sets how many channels or features the layer yields.
  static func widthName(of type: String) -> String? {
    guard let names = parameters[type] else { return nil }
    return ["out_channels", "out_features"].first(where: names.contains)
  }

  /// The name of the argument that says how many channels or features the layer takes.
  static func inputName(of type: String) -> String? {
    guard let names = parameters[type] else { return nil }
    return ["in_channels", "in_features", "num_features", "num_channels"].first(where: names.contains)
  }
}

/// A call that builds a leaf module, such as `nn.Conv2d(16, 32, kernel_size=3)`.
struct ConstructorCall {
  /// The class, such as `Conv2d`.
  let type: String
  /// The whole call.
  let expression: Expression
  /// Its arguments.
  let arguments: [Argument]

  /// The call, if the expression is one of a module class we know.
  init?(_ expression: Expression) {
    guard case .call(let function, let arguments) = expression.kind,
      let name = function.lastComponent, LayerSignature.parameters[name] != nil
    else { return nil }
    type = name
    self.expression = expression
    self.arguments = arguments
  }

  /// The argument of that name, given by keyword or by place.
  func argument(_ name: String) -> Argument? {
    if let argument = arguments.first(where: { $0.kind == .keyword(name) }) { return argument }
    guard let index = LayerSignature.parameters[type]?.firstIndex(of: name) else { return nil }
    let positional = arguments.prefix { $0.kind == .positional }
    return index < positional.count ? positional[index] : nil
  }

  /// The argument of that name, if it is a plain whole number.
  func integer(_ name: String) -> Int? { argument(name)?.value.integerValue }

  /// Whether every argument is given by place or keyword, so that none is hidden behind `*` or `**`.
  var isPlain: Bool {
    arguments.allSatisfy { $0.kind != .unpackedPositional && $0.kind != .unpackedKeyword }
  }

  /// The edit that gives the argument of that name another value, added as a keyword where it is missing.
  func setting(_ name: String, to text: String, in source: SourceText) -> TextEdit? {
    if let argument = argument(name) { return TextEdit(argument.value.range, text) }
    guard isPlain, LayerSignature.parameters[type]?.contains(name) == true else { return nil }
    return Self.adding("\(name)=\(text)", to: expression, arguments, in: source)
  }

  /// The edit that adds an argument at the end of a call.
  static func adding(
    _ argument: String, to call: Expression, _ arguments: [Argument], in source: SourceText
  ) -> TextEdit? {
    if let last = arguments.last {
      let place = source.skippingClosers(from: last.range.upper, before: call.range.upper)
      return TextEdit(SourceRange(place, place), ", \(argument)")
    }
    let place = call.range.upper - 1
    return place >= call.range.lower ? TextEdit(SourceRange(place, place), argument) : nil
  }
}

extension Expression {
  /// The last name of a dotted name: `Conv2d` of `torch.nn.Conv2d`.
  var lastComponent: String? {
    switch kind {
    case .name(let name): name
    case .attribute(_, let name, _): name
    default: nil
    }
  }

  /// A dotted name as text, such as `F.relu`.
  var dottedName: String? {
    switch kind {
    case .name(let name): name
    case .attribute(let value, let name, _): value.dottedName.map { "\($0).\(name)" }
    default: nil
    }
  }

  /// The attribute of `self` that this is: `conv1` of `self.conv1`.
  var selfAttribute: String? {
    guard case .attribute(let value, let name, _) = kind, case .name("self") = value.kind else { return nil }
    return name
  }

  /// The number, if this is a whole number as written.
  var integerValue: Int? {
    if case .integer(let value) = kind { value } else { nil }
  }

  /// Whether the text can be an operand without parentheses.
  var isPrimary: Bool {
    switch kind {
    case .name, .attribute, .subscript, .call, .integer, .float: true
    default: false
    }
  }
}
