/// A named tensor with its values.
public struct WeightTensor: Sendable, Hashable {
  /// PyTorch's state-dict name, such as `features.0.weight`.
  public var name: String
  /// The extents, outermost first; empty for a scalar.
  public var shape: [Int]
  /// The values, row-major.
  public var values: Values

  /// Values of one element type.
  public enum Values: Sendable, Hashable {
    /// Parameters and running statistics.
    case float32([Float])
    /// Counters such as `num_batches_tracked`.
    case int64([Int64])

    /// How many there are.
    public var count: Int {
      switch self {
      case .float32(let values): values.count
      case .int64(let values): values.count
      }
    }
  }

  /// A tensor.
  public init(name: String, shape: [Int], values: Values) {
    self.name = name
    self.shape = shape
    self.values = values
  }
}

/// All weights of a network: what PyTorch calls a state dict, as a value.
public struct WeightSet: Sendable, Hashable {
  /// The tensors, in the order of the network (or of the file they were read from).
  public private(set) var tensors: [WeightTensor]

  /// Those tensors.
  ///
  /// - Throws: `WeightError.malformed` where two have one name or a shape does not fit its values.
  public init(_ tensors: [WeightTensor]) throws(WeightError) {
    var names: Set<String> = []
    for tensor in tensors {
      guard names.insert(tensor.name).inserted else {
        throw .malformed("there are two tensors named \(tensor.name)")
      }
      guard Self.elementCount(tensor.shape) == tensor.values.count else {
        throw .malformed(
          "\(tensor.name) has \(tensor.values.count) values, which do not fill the shape \(tensor.shape)")
      }
    }
    self.tensors = tensors
  }

  /// Tensors that are known to be well formed.
  init(trusted tensors: [WeightTensor]) { self.tensors = tensors }

  /// The tensor of that name.
  public subscript(name: String) -> WeightTensor? { tensors.first { $0.name == name } }

  /// The product of the extents, or nil where one is negative or the product overflows.
  static func elementCount(_ shape: [Int]) -> Int? {
    var count = 1
    for extent in shape {
      guard extent >= 0 else { return nil }
      let (product, overflow) = count.multipliedReportingOverflow(by: extent)
      guard !overflow else { return nil }
      count = product
    }
    return count
  }
}

/// Why weights cannot be read, written or taken over by a network.
public enum WeightError: Error, Sendable, Hashable, CustomStringConvertible {
  /// The file cannot be opened, read or written.
  case file(path: String, reason: String)
  /// The bytes are no safetensors file, or tensors contradict themselves.
  case malformed(String)
  /// A tensor of the network is not among the weights.
  case missing(String)
  /// The weights have a tensor that the network does not have.
  case unexpected(String)
  /// A tensor has another shape or element type than the network's.
  case mismatch(String)

  /// One sentence that says what is wrong.
  public var description: String {
    switch self {
    case .file(let path, let reason): "\(path): \(reason)."
    case .malformed(let reason): "The weights are malformed: \(reason)."
    case .missing(let name): "The weights lack \(name), which the network has."
    case .unexpected(let name): "The weights have \(name), which the network does not have."
    case .mismatch(let what): "The weights do not fit the network: \(what)."
    }
  }
}
