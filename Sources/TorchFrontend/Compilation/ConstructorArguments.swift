import PythonSyntax

/// What is passed to the constructor (or factory function) of a network.
///
/// The rule:
/// - A parameter named as the number of classes is (`num_classes`, `n_classes`, `output_dim`, …) is given
///   `CompilationOptions.classCount` where that is set, whether it has a default or not.
/// - A parameter without a default is given what its name says: input channels (`in_channels`, …), the input's
///   height (`img_size`, …), its features (`in_features`, `input_dim`, …), or its shape (`input_shape`).
/// - Other parameters keep their defaults. Only if the network cannot be built or run that way are those named
///   as input channels, size or features given the input's too, and the result taken if that works.
/// - A parameter without a default and with another name cannot be given anything: such a class is not chosen.
struct ConstructorArguments {
  /// What a parameter's name stands for.
  enum Role {
    case classCount, channels, height, features, shape, device
  }

  private static let names: [Role: Set<String>] = [
    .classCount: [
      "num_classes", "n_classes", "nb_classes", "num_class", "n_class", "nclass", "nclasses", "numclasses",
      "classes", "class_num", "class_count", "classcount", "num_labels", "n_labels", "num_outputs",
      "n_outputs",
      "output_dim", "out_dim", "output_size", "out_features", "out_size", "output_features", "num_targets",
      "n_out", "num_output", "nbclasses", "num_cls", "n_cls",
    ],
    .channels: [
      "in_channels", "input_channels", "in_chans", "in_ch", "in_channel", "input_channel", "n_channels",
      "num_channels", "image_channels", "img_channels", "channels_in", "in_c", "nc", "inp_channels",
      "channels",
      "num_input_channels", "n_input_channels", "img_ch",
    ],
    .height: [
      "img_size", "image_size", "input_size", "input_resolution", "resolution", "img_dim", "image_dim",
      "im_size",
      "in_size", "input_height", "input_width", "img_height", "img_width", "image_height", "image_width",
    ],
    .features: [
      "in_features", "input_dim", "in_dim", "input_features", "n_features", "num_inputs", "n_inputs", "n_in",
      "num_features",
    ],
    .shape: ["input_shape", "in_shape", "image_shape", "img_shape"],
    .device: ["device"],
  ]

  static func role(of name: String) -> Role? {
    let name = name.lowercased()
    return names.first { $0.value.contains(name) }?.key
  }

  let options: CompilationOptions

  /// The values that may be meant by a role, likeliest first.
  private func values(of role: Role) -> [PythonValue] {
    let shape = options.inputShape.dropFirst()
    let product = shape.reduce(1) { $0.multipliedReportingOverflow(by: $1).partialValue }
    switch role {
    case .classCount: return options.classCount.map { [.int($0)] } ?? []
    case .channels: return shape.first.map { [.int($0)] } ?? []
    case .height: return shape.count > 1 ? [.int(shape.last ?? 1), .int(product)] : [.int(product)]
    case .features: return shape.count > 1 ? [.int(product), .int(shape.first ?? 1)] : [.int(product)]
    case .shape: return []
    case .device: return [.device("cpu")]
    }
  }

  /// The sets of arguments to try, in that order; nil where a parameter cannot be given anything.
  ///
  /// - Parameters:
  ///   - isMethod: Whether the first parameter is the receiver.
  ///   - given: What the caller supplies; only other parameters are filled in.
  func attempts(
    for function: PythonFunction, isMethod: Bool, given: Arguments, _ interpreter: Interpreter
  ) throws(Interruption) -> [Arguments]? {
    var first: [(name: String, value: PythonValue)] = []
    var alternatives: [(name: String, value: PythonValue)] = []
    var optional: [(name: String, value: PythonValue)] = []
    var position = 0
    for (index, parameter) in function.parameters.parameters.enumerated() where index > 0 || !isMethod {
      if parameter.kind == .positionalOnly || parameter.kind == .positionalOrKeyword {
        position += 1
        if position <= given.positional.count { continue }
      }
      if given.keywords.contains(where: { $0.name == parameter.name }) { continue }
      guard parameter.kind == .positionalOrKeyword || parameter.kind == .keywordOnly else {
        if parameter.kind == .positionalOnly, function.defaults[index] == nil { return nil }
        continue
      }
      let role = Self.role(of: parameter.name)
      let hasDefault = index < function.defaults.count && function.defaults[index] != nil
      var candidates = role.map(values(of:)) ?? []
      if role == .shape {
        candidates = [try interpreter.tuple(options.inputShape.dropFirst().map { .int($0) })]
      }
      if let value = candidates.first, role == .classCount || !hasDefault {
        first.append((parameter.name, value))
        if candidates.count > 1 { alternatives.append((parameter.name, candidates[1])) }
      } else if !hasDefault {
        return nil
      } else if let value = candidates.first, role != .device, role != .shape {
        optional.append((parameter.name, value))
      }
    }
    var attempts = [first]
    if !optional.isEmpty { attempts.append(first + optional) }
    if !alternatives.isEmpty {
      attempts.append(first.filter { item in !alternatives.contains { $0.name == item.name } } + alternatives)
    }
    return attempts.map { Arguments(given.positional, keywords: given.keywords + $0) }
  }
}
