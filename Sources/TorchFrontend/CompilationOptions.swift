/// One input of a network: the kind of its elements and its shape.
public struct NetworkInput: Sendable, Hashable {
  /// What the elements are, in PyTorch's terms.
  public enum Kind: String, Sendable, CaseIterable {
    /// Floating point, such as images.
    case float32
    /// Integers of 64 bits in PyTorch's eyes, such as tokens; the graph has 32 bits.
    case int64
    /// Integers of 32 bits.
    case int32
    /// Truth values, such as masks; the graph has them as float32 0 and 1.
    case bool
  }

  /// What the elements are.
  public var kind: Kind
  /// The extents, the batch first.
  public var shape: [Int]

  /// An input of that kind and shape.
  public init(_ kind: Kind = .float32, _ shape: [Int]) {
    self.kind = kind
    self.shape = shape
  }
}

/// What a network is compiled for.
public struct CompilationOptions: Sendable {
  /// What `forward` is given, in the order of its parameters.
  public var inputs: [NetworkInput]
  /// How many classes the network must tell apart; nil takes whatever it yields.
  ///
  /// Where given, it is passed to the constructor parameter that stands for it (`num_classes` and its kin, see
  /// `ConstructorArguments`), and the first result must have the shape `[batch, classCount]`.
  public var classCount: Int?
  /// Whether the training behaviour is traced: dropout active, batch statistics, updates of running ones.
  public var isTraining: Bool
  /// The class (or factory function, or global variable) that is the network; nil lets the compiler choose.
  public var className: String?
  /// What the constructor (or factory function) is given, as JSON: an object gives keyword arguments, an array
  /// positional ones.
  ///
  /// Parameters that are left out are filled in as they are without it.
  public var arguments: String?
  /// A Python expression over the names of the source that builds the network, such as
  /// `ResNet(BasicBlock, [2, 2, 2, 2])`.
  ///
  /// Its value is an `nn.Module`, or a class, which is then constructed as any other.
  public var call: String?
  /// What the source may use up.
  public var limits: CompilationLimits

  /// The shape of the first input with its batch extent, such as `[128, 3, 32, 32]`; empty where there is none.
  public var inputShape: [Int] { inputs.first?.shape ?? [] }

  /// Options; all but the inputs have defaults.
  public init(
    inputs: [NetworkInput], classCount: Int? = nil, isTraining: Bool = false, className: String? = nil,
    arguments: String? = nil, call: String? = nil, limits: CompilationLimits = CompilationLimits()
  ) {
    self.inputs = inputs
    self.classCount = classCount
    self.isTraining = isTraining
    self.className = className
    self.arguments = arguments
    self.call = call
    self.limits = limits
  }

  /// Options for a network of one float32 input.
  public init(
    inputShape: [Int], classCount: Int? = nil, isTraining: Bool = false, className: String? = nil,
    limits: CompilationLimits = CompilationLimits()
  ) {
    self.init(
      inputs: [NetworkInput(.float32, inputShape)], classCount: classCount, isTraining: isTraining,
      className: className, limits: limits)
  }
}

/// What a source may use up before its compilation ends with one diagnostic.
///
/// The limits depend on nothing but the source: the same text meets the same limit on every machine.
public struct CompilationLimits: Sendable, Hashable {
  /// Steps of the interpreter: statements, expressions, and the elements that library functions touch.
  public var steps: Int
  /// How deep Python functions may call each other.
  public var recursionDepth: Int
  /// How many elements a list, tuple, dict or set, or bytes a string, may have.
  public var collectionSize: Int
  /// How many elements all collections, strings and known tensors may have together.
  public var totalCollectionSize: Int
  /// How many elements one tensor may have.
  public var tensorElements: Int
  /// How many nodes the graph may have.
  public var nodes: Int
  /// How many elements all parameters may have together.
  public var parameters: Int

  /// Limits; the defaults admit every network that is trained on a workstation.
  public init(
    steps: Int = 3_000_000, recursionDepth: Int = 200, collectionSize: Int = 1_000_000,
    totalCollectionSize: Int = 8_000_000, tensorElements: Int = 1 << 30, nodes: Int = 50_000,
    parameters: Int = 2_000_000_000
  ) {
    self.steps = steps
    self.recursionDepth = recursionDepth
    self.collectionSize = collectionSize
    self.totalCollectionSize = totalCollectionSize
    self.tensorElements = tensorElements
    self.nodes = nodes
    self.parameters = parameters
  }
}
