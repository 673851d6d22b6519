import NetworkGraph

/// PyTorch's element types.
///
/// In graphs, floating types are float32 and integers int32.
enum DataType: String, Sendable {
  case float32, float64, float16, bfloat16
  case int64, int32, int16, int8, uint8
  case bool

  var isFloating: Bool {
    switch self {
    case .float32, .float64, .float16, .bfloat16: true
    default: false
    }
  }

  var elementType: ElementType { isFloating || self == .bool ? .float32 : .int32 }

  /// PyTorch's type promotion between tensors of equal standing, with all floating types as float32.
  static func promoted(_ left: DataType, _ right: DataType) -> DataType {
    func rank(_ type: DataType) -> Int { type.isFloating ? 2 : type == .bool ? 0 : 1 }
    if left == right { return left }
    if rank(left) != rank(right) { return rank(left) > rank(right) ? left : right }
    return rank(left) == 2 ? .float32 : .int64
  }
}

/// What a tensor's elements are.
enum TensorContent {
  /// A value of the graph being traced.
  case graph(ValueID)
  /// The same number everywhere.
  case fill(Double)
  /// Known elements, row-major.
  case values([Double])
  /// Drawn when training begins.
  case random(Initializer)
}

/// The memory that a tensor and its views share, by how often it was written to.
final class TensorStorage {
  var version = 0
}

/// The elements that a tensor and its aliases of the same shape share.
final class TensorCell {
  var content: TensorContent
  let storage: TensorStorage
  /// The version of the storage that `content` is up to date with.
  var version: Int

  init(_ content: TensorContent, storage: TensorStorage = TensorStorage()) {
    self.content = content
    self.storage = storage
    version = storage.version
  }
}

/// A tensor while the source is interpreted: a value of the graph, or elements known or drawn beforehand.
///
/// Writing in place replaces the content of the cell. Views of other shapes have cells of their own on the same
/// storage; once one was written, the others are stale, and reading them is refused rather than wrong.
final class TracedTensor: HeapObject {
  private(set) var cell: TensorCell
  private(set) var shape: [Int]
  let dataType: DataType
  /// Whether it is an `nn.Parameter`.
  let isParameter: Bool
  var requiresGradient: Bool

  init(
    _ content: TensorContent, _ shape: [Int], _ dataType: DataType = .float32, isParameter: Bool = false,
    requiresGradient: Bool = false, storage: TensorStorage = TensorStorage()
  ) {
    cell = TensorCell(content, storage: storage)
    self.shape = shape
    self.dataType = dataType
    self.isParameter = isParameter
    self.requiresGradient = requiresGradient
  }

  /// An alias of a tensor, which shares its elements.
  init(aliasing other: TracedTensor, isParameter: Bool, requiresGradient: Bool) {
    cell = other.cell
    shape = other.shape
    dataType = other.dataType
    self.isParameter = isParameter
    self.requiresGradient = requiresGradient
  }

  /// Takes over another tensor's elements and shape, as `tensor.data = other` and in-place reshaping do.
  func adopt(_ other: TracedTensor) {
    cell = other.cell
    shape = other.shape
  }

  var rank: Int { shape.count }
  var count: Int { shape.reduce(1, *) }
  var type: TensorType { TensorType(dataType.elementType, shape) }

  func clear() {}
}
