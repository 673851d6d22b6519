/// What a network is compiled for.
public struct CompilationOptions: Sendable {
  /// The shape of the input with its batch extent, such as `[128, 3, 32, 32]`.
  public var inputShape: [Int]
  /// How many classes the network must tell apart; nil takes whatever it yields.
  ///
  /// Where given, it is passed to the constructor parameter that stands for it (`num_classes` and its kin, see
  /// `ConstructorArguments`), and the result must have the shape `[batch, classCount]`.
  public var classCount: Int?
  /// Whether the training behaviour is traced: dropout active, batch statistics, updates of running ones.
  public var isTraining: Bool
  /// The class (or factory function, or global variable) that is the network; nil lets the compiler choose.
  public var className: String?
  /// What the source may use up.
  public var limits: CompilationLimits

  /// Options; all but the input's shape have defaults.
  public init(
    inputShape: [Int], classCount: Int? = nil, isTraining: Bool = false, className: String? = nil,
    limits: CompilationLimits = CompilationLimits()
  ) {
    self.inputShape = inputShape
    self.classCount = classCount
    self.isTraining = isTraining
    self.className = className
    self.limits = limits
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
    steps: Int = 1_000_000, recursionDepth: Int = 200, collectionSize: Int = 1_000_000,
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
