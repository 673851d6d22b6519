import NetworkGraph

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
  /// Parts of several kinds, joined along an axis; what writing to a part of a tensor leaves.
  case joined(axis: Int, parts: [TensorPart])

  /// Whether the elements are known while the source is interpreted.
  var isKnown: Bool {
    switch self {
    case .fill, .values: true
    case .graph, .random: false
    case .joined(_, let parts): parts.allSatisfy(\.content.isKnown)
    }
  }

  /// Whether any element is drawn at random.
  var isRandom: Bool {
    switch self {
    case .random: true
    case .graph, .fill, .values: false
    case .joined(_, let parts): parts.contains(where: \.content.isRandom)
    }
  }

  /// Whether any element is a value of the graph.
  var isTraced: Bool {
    switch self {
    case .graph: true
    case .random, .fill, .values: false
    case .joined(_, let parts): parts.contains(where: \.content.isTraced)
    }
  }

  /// How deep joined parts are nested.
  var depth: Int {
    guard case .joined(_, let parts) = self else { return 0 }
    return 1 + (parts.map(\.content.depth).max() ?? 0)
  }
}

/// The places `start ..< start + count` of an axis of something that has `extent` of them.
struct TensorPart {
  var content: TensorContent
  var extent: Int
  var start: Int
  var count: Int

  init(_ content: TensorContent, extent: Int) {
    (self.content, self.extent, start, count) = (content, extent, 0, extent)
  }

  /// A part of this part.
  func part(_ range: Range<Int>) -> TensorPart {
    var result = self
    result.start += range.lowerBound
    result.count = range.count
    return result
  }
}

/// How the elements of a tensor lie in PyTorch's memory.
///
/// It decides which reshapes are views, and which views PyTorch refuses.
enum MemoryLayout: Equatable {
  /// In row-major order without gaps.
  case rowMajor
  /// At these distances along the dimensions; certainly so where only views were taken that the source asked for.
  case strided([Int], isCertain: Bool)
  /// Depends on how PyTorch implements an operation.
  case unknown
}

/// The elements that a tensor and its aliases of the same shape share.
///
/// A view has a cell of its own that knows the cell it was taken from. Its content is derived when it is read
/// after that one has changed; writing to it changes all cells up to the root.
final class TensorCell {
  /// How a view was taken from another cell: by a reshape, transpose, expand or slice.
  struct Source {
    let cell: TensorCell
    let step: Operation
    /// The generation of the cell that the content was derived from; −1 before the first time.
    var generation: Int
    /// Whether PyTorch may have made a copy instead.
    let isUncertain: Bool
  }

  let shape: [Int]
  let count: Int
  let dataType: DataType
  let layout: MemoryLayout
  /// Where the first element lies in the memory of the root.
  let offset: Int
  private(set) var content: TensorContent
  /// How often the content has changed.
  private(set) var generation = 0
  private(set) var source: Source?
  /// How many views lie between this and the root.
  let depth: Int
  /// Whether it is a parameter of the network being traced, which a forward pass cannot change.
  var isParameter = false
  /// Whether it is unknown if the content is up to date, since it was changed through an uncertain view.
  var isSpoilt = false
  /// The constant of the graph that stands for the content, and which trace and generation it belongs to.
  var constant: (value: ValueID, trace: Int, generation: Int)?

  init(_ content: TensorContent, _ shape: [Int], _ dataType: DataType, layout: MemoryLayout = .rowMajor) {
    (self.content, self.shape, self.dataType, self.layout) = (content, shape, dataType, layout)
    count = shape.reduce(1, *)
    offset = 0
    depth = 0
  }

  init(
    viewing cell: TensorCell, by step: Operation, _ shape: [Int], layout: MemoryLayout, offset: Int,
    isUncertain: Bool
  ) {
    (self.shape, self.layout, self.offset) = (shape, layout, offset)
    content = .fill(0)
    count = shape.reduce(1, *)
    dataType = cell.dataType
    depth = cell.depth + 1
    source = Source(cell: cell, step: step, generation: -1, isUncertain: isUncertain)
  }

  /// The strides of the elements in PyTorch's memory; nil where they are not known.
  var strides: [Int]? {
    switch layout {
    case .rowMajor: Interpreter.rowMajorStrides(shape)
    case .strided(let strides, _): strides
    case .unknown: nil
    }
  }

  /// Whether PyTorch is certain to lay out the elements so.
  var isLayoutCertain: Bool {
    switch layout {
    case .rowMajor: true
    case .strided(_, let isCertain): isCertain
    case .unknown: false
    }
  }

  /// Replaces the content; views of it become stale.
  func replace(_ content: TensorContent) {
    self.content = content
    generation += 1
    if let current = source?.cell.generation { source?.generation = current }
  }

  /// Says the content in another way; it is the same, so that no view becomes stale.
  func settle(_ content: TensorContent) { self.content = content }

  /// Changes known elements where they are.
  func update(_ body: (inout [Double]) -> Void) {
    guard case .values(var values) = content else { return }
    content = .fill(0)
    body(&values)
    content = .values(values)
    generation += 1
  }

  /// Makes it a root, with its content as it is.
  func cut() { source = nil }
}

/// A tensor while the source is interpreted: a value of the graph, or elements known or drawn beforehand.
final class TracedTensor: HeapObject {
  private(set) var cell: TensorCell
  /// Whether it is an `nn.Parameter`.
  let isParameter: Bool
  var requiresGradient: Bool
  /// Whether it is a view of a tensor whose gradient is wanted, which cannot be changed in place.
  var isViewOfLeaf = false
  /// Whether it is an array of NumPy, with NumPy's arithmetic.
  var isArray = false
  /// Where it comes from, while a forward pass is traced.
  var provenance: Provenance?

  init(
    _ content: TensorContent, _ shape: [Int], _ dataType: DataType = .float32,
    layout: MemoryLayout = .rowMajor, isParameter: Bool = false, requiresGradient: Bool = false
  ) {
    cell = TensorCell(content, shape, dataType, layout: layout)
    self.isParameter = isParameter
    self.requiresGradient = requiresGradient
  }

  /// A view.
  init(_ cell: TensorCell, isViewOfLeaf: Bool) {
    self.cell = cell
    self.isViewOfLeaf = isViewOfLeaf
    isParameter = false
    requiresGradient = false
  }

  /// An alias of a tensor, which shares its elements.
  init(aliasing other: TracedTensor, isParameter: Bool, requiresGradient: Bool) {
    cell = other.cell
    self.isParameter = isParameter
    self.requiresGradient = requiresGradient
  }

  /// Takes over another tensor's elements and shape, as `tensor.data = other` and in-place reshaping do.
  func adopt(_ other: TracedTensor) { cell = other.cell }

  var shape: [Int] { cell.shape }
  var dataType: DataType { cell.dataType }
  var rank: Int { cell.shape.count }
  var count: Int { cell.count }
  var type: TensorType { TensorType(dataType.elementType, shape) }

  // Chains of views must not be freed by recursion.
  func clear() { cell.cut() }
}
