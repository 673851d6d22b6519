/// The type of a tensor's elements.
public enum ElementType: String, Sendable, Hashable, Codable, CaseIterable {
  case float32
  /// Labels, indices and lengths.
  case int32

  /// Bytes of one element.
  public var byteCount: Int { 4 }
}

/// The element type and concrete shape of a tensor; images are batch × channels × height × width.
public struct TensorType: Sendable, Hashable, Codable {
  /// The most elements a tensor may have; more is a `GraphError`, so that no size computation can overflow.
  public static let elementLimit = 1 << 31
  /// The most dimensions a tensor may have, which is PyTorch's limit.
  public static let rankLimit = 64

  /// The type of the elements.
  public var elementType: ElementType
  /// The extents, outermost first; empty for a scalar.
  public var shape: [Int]

  /// A tensor type.
  public init(_ elementType: ElementType = .float32, _ shape: [Int]) {
    self.elementType = elementType
    self.shape = shape
  }

  /// How many dimensions there are.
  public var rank: Int { shape.count }

  /// How many elements there are; `Int.max` where the product overflows, which `check()` refuses.
  public var elementCount: Int {
    var count = 1
    for extent in shape {
      let (product, overflows) = count.multipliedReportingOverflow(by: extent)
      if overflows { return Int.max }
      count = product
    }
    return count
  }

  /// Makes sure that every extent is positive and that rank and size stay below the limits.
  ///
  /// - Throws: `shape.rank`, `shape.extent` or `shape.size`.
  public func check() throws(GraphError) {
    guard rank <= Self.rankLimit else {
      throw GraphError("shape.rank", "a tensor of \(rank) dimensions has more than \(Self.rankLimit)")
    }
    for extent in shape where extent < 1 {
      throw GraphError("shape.extent", "a tensor of shape \(shape) has an extent of \(extent)")
    }
    guard elementCount <= Self.elementLimit else {
      throw GraphError("shape.size", "a tensor of shape \(shape) has more than \(Self.elementLimit) elements")
    }
  }
}

extension TensorType: CustomStringConvertible {
  /// Such as `float32[128, 16, 32, 32]`.
  public var description: String {
    "\(elementType.rawValue)[\(shape.map(String.init).joined(separator: ", "))]"
  }
}
