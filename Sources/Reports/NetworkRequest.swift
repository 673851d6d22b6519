import TorchFrontend

/// A source and how the network in it is to be found, built and mended.
public struct NetworkRequest: Sendable {
  /// The source.
  public var source: String
  /// The file's name, for messages.
  public var file: String
  /// The class, factory function or variable that is the network; nil lets the compiler choose.
  public var className: String?
  /// Constructor arguments as JSON; nil leaves them to the compiler's conventions.
  public var arguments: String?
  /// An expression over the file's names that builds the network.
  public var call: String?
  /// How many classes the output must have; nil takes what the network yields.
  public var classes: Int?
  /// Whether what can be mended is mended.
  public var heals: Bool

  /// A request.
  public init(
    source: String, file: String, className: String? = nil, arguments: String? = nil, call: String? = nil,
    classes: Int? = nil, heals: Bool = false
  ) {
    self.source = source
    self.file = file
    self.className = className
    self.arguments = arguments
    self.call = call
    self.classes = classes
    self.heals = heals
  }

  /// The compiler's options for those inputs.
  func options(_ inputs: [NetworkInput], isTraining: Bool) -> CompilationOptions {
    CompilationOptions(
      inputs: inputs, classCount: classes, isTraining: isTraining, className: className,
      arguments: arguments, call: call)
  }

  /// The network, mended where that was asked for and needed.
  func compile(_ inputs: [NetworkInput], isTraining: Bool) throws(CompilationFailure) -> HealedNetwork {
    let options = options(inputs, isTraining: isTraining)
    if heals { return try Healer.heal(source, options: options) }
    return HealedNetwork(
      source: source, network: try NetworkCompiler.compile(source, options: options), fixes: [])
  }
}
