import PythonSyntax

/// What is passed to the constructor (or factory function) of a network.
///
/// The rule:
/// - What the caller gives is passed as it is; only other parameters are filled in.
/// - A parameter named as the number of classes is (`num_classes`, `n_classes`, `output_dim`, …) is given
///   `CompilationOptions.classCount` where that is set, whether it has a default or not.
/// - A parameter without a default is given what its name says, see `ParameterRole`.
/// - Other parameters keep their defaults. Only if the network cannot be built or run that way are those named
///   as input channels, size or features given the input's too, and the result taken if that works.
/// - A parameter without a default and with another name cannot be given anything: such a class is not chosen.
struct ConstructorArguments {
  let options: CompilationOptions
  let interpreter: Interpreter

  /// Values for some parameters, by name.
  private typealias Keywords = [(name: String, value: PythonValue)]

  /// The sets of arguments to try, in that order; nil where a parameter cannot be given anything.
  ///
  /// - Parameters:
  ///   - isMethod: Whether the first parameter is the receiver.
  ///   - given: What the caller supplies.
  ///   - mayConfigure: Whether a configuration object may be made, which none is for another configuration.
  func attempts(
    for function: PythonFunction, isMethod: Bool, given: Arguments, mayConfigure: Bool = true
  ) throws(Interruption) -> [Arguments]? {
    let parameters = function.parameters.parameters
    // With a shape of the output, that of the input has its batch, as LEMUR's networks have it.
    let hasOutputShape = parameters.contains { ParameterRole(of: $0.name) == .outputShape }
    var first: Keywords = []
    var alternatives: Keywords = []
    var optional: Keywords = []
    var position = 0
    for (index, parameter) in parameters.enumerated() where index > 0 || !isMethod {
      if parameter.kind == .positionalOnly || parameter.kind == .positionalOrKeyword {
        position += 1
        if position <= given.positional.count { continue }
      }
      if given.keywords.contains(where: { $0.name == parameter.name }) { continue }
      let hasDefault = index < function.defaults.count && function.defaults[index] != nil
      guard parameter.kind == .positionalOrKeyword || parameter.kind == .keywordOnly else {
        if parameter.kind == .positionalOnly, !hasDefault { return nil }
        continue
      }
      let role = ParameterRole(of: parameter.name)
      if hasDefault, role?.isOverriding != true, role?.isOptional != true { continue }
      var values =
        try role.map { role throws(Interruption) in
          try self.values(of: role, isBatched: hasOutputShape)
        } ?? []
      if !hasDefault, values.isEmpty, mayConfigure { values = try configuration(for: parameter) }
      if let value = values.first, !hasDefault || role?.isOverriding == true {
        first.append((parameter.name, value))
        if values.count > 1 { alternatives.append((parameter.name, values[1])) }
      } else if !hasDefault {
        return nil
      } else if let value = values.first {
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

  /// The values that may be meant by a role, likeliest first.
  private func values(of role: ParameterRole, isBatched: Bool) throws(Interruption) -> [PythonValue] {
    let shape = options.inputShape.dropFirst()
    let product = shape.reduce(1) { $0.multipliedReportingOverflow(by: $1).partialValue }
    switch role {
    case .classCount: return options.classCount.map { [.int($0)] } ?? []
    case .channels: return shape.first.map { [.int($0)] } ?? []
    case .height: return shape.count > 1 ? [.int(shape.last ?? 1), .int(product)] : [.int(product)]
    case .features: return shape.count > 1 ? [.int(product), .int(shape.first ?? 1)] : [.int(product)]
    case .inputShape:
      let whole = try interpreter.tuple(options.inputShape.map { .int($0) })
      let single = try interpreter.tuple(shape.map { .int($0) })
      return isBatched ? [whole, single] : [single, whole]
    case .outputShape:
      guard let count = options.classCount else { return [] }
      return [try interpreter.tuple([.int(count)])]
    case .hyperparameters: return [try hyperparameters()]
    case .device: return [.device("cpu")]
    }
  }

  /// A dict of the hyperparameters that the source's `supported_hyperparameters()` names, or of all we know.
  private func hyperparameters() throws(Interruption) -> PythonValue {
    var names = ParameterRole.hyperparameterValues.map(\.name)
    if case .function(let function)? = interpreter.globals.variables["supported_hyperparameters"] {
      let supported = try interpreter.call(.function(function), Arguments())
      let known = names
      names = []
      for case .string(let name) in try interpreter.elements(of: supported) where known.contains(name) {
        names.append(name)
      }
    }
    let dictionary = try interpreter.dictionary()
    for item in ParameterRole.hyperparameterValues where names.contains(item.name) {
      let isWhole = item.value == item.value.rounded() && item.value >= 1
      dictionary.set(
        .string(item.name), .string(item.name), isWhole ? .int(Int(item.value)) : .float(item.value))
    }
    return .dict(dictionary)
  }

  /// A configuration that the source itself has: an object of the class that annotates the parameter, a variable
  /// of the parameter's name, or an object of its only configuration class.
  private func configuration(for parameter: Parameters.Parameter) throws(Interruption) -> [PythonValue] {
    let variables = interpreter.globals.variables
    if let annotation = parameter.annotation?.dottedName, case .type(let type)? = variables[annotation] {
      return try object(of: type)
    }
    let names = ["config", "cfg", "conf", "configuration", "args", "opt", "hparams", "params", "settings"]
    guard names.contains(parameter.name.lowercased()) else { return [] }
    let wanted =
      [parameter.name, parameter.name.uppercased(), "default_\(parameter.name)"]
      + ["DEFAULT_\(parameter.name.uppercased())", "CONFIG", "config"]
    for name in wanted {
      switch variables[name] {
      case .dict?, .instance?, .tuple?: return variables[name].map { [$0] } ?? []
      default: continue
      }
    }
    let classes = variables.values.compactMap { value -> PythonClass? in
      guard case .type(let type) = value, type.native == nil, !type.isModule else { return nil }
      return type.name.lowercased().contains("config") ? type : nil
    }
    guard let only = classes.first, classes.count == 1 else { return [] }
    return try object(of: only)
  }

  /// An object of a class of the source with what the rules give its constructor or fields.
  private func object(of type: PythonClass) throws(Interruption) -> [PythonValue] {
    guard type.native == nil, !type.isModule else { return [] }
    var arguments: [Arguments] = []
    if type.isDataclass || type.isNamedTuple {
      var keywords: Keywords = []
      for field in type.fields {
        guard let role = ParameterRole(of: field) else { continue }
        let hasDefault = interpreter.hasFieldDefault(field, of: type)
        guard role.isOverriding || !hasDefault else { continue }
        if let value = try values(of: role, isBatched: false).first { keywords.append((field, value)) }
      }
      arguments = [Arguments([], keywords: keywords)]
    } else if case .function(let function)? = interpreter.classMember("__init__", of: type) {
      arguments = try attempts(for: function, isMethod: true, given: Arguments(), mayConfigure: false) ?? []
    } else {
      arguments = [Arguments()]
    }
    guard let first = arguments.first else { return [] }
    do throws(Interruption) {
      return [try interpreter.call(.type(type), first)]
    } catch {
      if case .refused(let refusal) = error, refusal.isExhaustion { throw error }
      return []
    }
  }
}

/// What a constructor's parameter stands for, by its name.
enum ParameterRole: CaseIterable {
  case classCount, channels, height, features, inputShape, outputShape, hyperparameters, device

  /// The hyperparameters that a network may ask for by name, with the values it is given.
  static let hyperparameterValues: [(name: String, value: Double)] = [
    ("lr", 0.01), ("learning_rate", 0.01), ("momentum", 0.9), ("dropout", 0.2), ("weight_decay", 0.0001),
    ("batch", 8), ("batch_size", 8), ("epoch", 1), ("epochs", 1), ("attention_dropout", 0.1),
    ("stochastic_depth_prob", 0.1), ("norm_eps", 0.00001), ("norm_std", 1), ("norm_momentum", 0.1),
    ("dropout_aux", 0.1), ("patch_size", 8), ("kernel_size", 3), ("pretrained", 0),
  ]

  init?(of name: String) {
    let name = name.lowercased()
    guard let role = Self.allCases.first(where: { $0.names.contains(name) }) else { return nil }
    self = role
  }

  /// Whether it is passed to parameters that have a default too.
  var isOverriding: Bool { self == .classCount }

  /// Whether it is tried in place of a default that does not work.
  var isOptional: Bool { [.channels, .height, .features].contains(self) }

  /// The names of parameters that stand for it, in lower case.
  private var names: Set<String> {
    switch self {
    case .classCount: Self.classCountNames
    case .channels: Self.channelNames
    case .height: Self.heightNames
    case .features: Self.featureNames
    case .inputShape: ["input_shape", "in_shape", "image_shape", "img_shape"]
    case .outputShape: ["output_shape", "out_shape"]
    case .hyperparameters: ["prm", "prms", "hyperparameters", "hyperparams", "hyper_params"]
    case .device: ["device"]
    }
  }

  private static let classCountNames: Set<String> = [
    "num_classes", "n_classes", "nb_classes", "num_class", "n_class", "nclass", "nclasses", "numclasses",
    "classes", "class_num", "class_count", "classcount", "num_labels", "n_labels", "num_outputs", "n_outputs",
    "output_dim", "out_dim", "output_size", "out_features", "out_size", "output_features", "num_targets",
    "n_out", "num_output", "nbclasses", "num_cls", "n_cls",
  ]

  private static let channelNames: Set<String> = [
    "in_channels", "input_channels", "in_chans", "in_ch", "in_channel", "input_channel", "n_channels",
    "num_channels", "image_channels", "img_channels", "channels_in", "in_c", "nc", "inp_channels", "channels",
    "num_input_channels", "n_input_channels", "img_ch",
  ]

  private static let heightNames: Set<String> = [
    "img_size", "image_size", "input_size", "input_resolution", "resolution", "img_dim", "image_dim",
    "im_size",
    "in_size", "input_height", "input_width", "img_height", "img_width", "image_height", "image_width",
  ]

  private static let featureNames: Set<String> = [
    "in_features", "input_dim", "in_dim", "input_features", "n_features", "num_inputs", "n_inputs", "n_in",
    "num_features",
  ]
}
