import NetworkGraph

/// PyTorch's element types.
///
/// In graphs, floating types are float32, integers int32, and booleans float32 that are 0 or 1.
enum DataType: String, Sendable, CaseIterable {
  case float32, float64, float16, bfloat16
  case int64, int32, int16, int8, uint8
  case bool

  /// What kind of numbers there are; a kind takes precedence over those before it.
  enum Category: Int, Comparable {
    case boolean, integer, floating

    static func < (left: Category, right: Category) -> Bool { left.rawValue < right.rawValue }
  }

  var category: Category {
    switch self {
    case .float32, .float64, .float16, .bfloat16: .floating
    case .int64, .int32, .int16, .int8, .uint8: .integer
    case .bool: .boolean
    }
  }

  var isFloating: Bool { category == .floating }

  var elementType: ElementType { category == .integer ? .int32 : .float32 }

  /// Bytes of one element in PyTorch.
  var byteCount: Int {
    switch self {
    case .float64, .int64: 8
    case .float32, .int32: 4
    case .float16, .bfloat16, .int16: 2
    case .int8, .uint8, .bool: 1
    }
  }

  /// What PyTorch's messages call it, such as `Long`.
  var scalarName: String {
    switch self {
    case .float32: "Float"
    case .float64: "Double"
    case .float16: "Half"
    case .bfloat16: "BFloat16"
    case .int64: "Long"
    case .int32: "Int"
    case .int16: "Short"
    case .int8: "Char"
    case .uint8: "Byte"
    case .bool: "Bool"
    }
  }

  // MARK: Promotion

  /// `torch.promote_types`: the smallest type that holds both.
  static func promoted(_ left: DataType, _ right: DataType) -> DataType {
    if left == right { return left }
    if left.category != right.category { return left.category > right.category ? left : right }
    let (small, large) = left.byteCount < right.byteCount ? (left, right) : (right, left)
    switch left.category {
    case .boolean: return .bool
    // The two halves have no common type but float32.
    case .floating: return small.byteCount == large.byteCount ? .float32 : large
    // Of equal size are uint8 and int8 alone.
    case .integer: return small.byteCount == large.byteCount ? .int16 : large
    }
  }

  /// `torch.result_type` of two tensors: one without dimensions only counts where it is of a higher kind.
  static func result(_ left: DataType, rank leftRank: Int, _ right: DataType, rank rightRank: Int) -> DataType
  {
    if (leftRank == 0) == (rightRank == 0) { return promoted(left, right) }
    let (strong, weak) = leftRank > 0 ? (left, right) : (right, left)
    return weak.category > strong.category ? weak : strong
  }

  /// `torch.can_cast`: whether the result of an in-place operation may be put into a tensor of another type.
  static func canCast(_ from: DataType, to: DataType) -> Bool {
    if from.isFloating, !to.isFloating { return false }
    return to != .bool || from == .bool
  }

  // MARK: Rounding

  /// What a number becomes as an element of this type.
  func rounded(_ value: Double) -> Double {
    switch self {
    case .float64: return value
    case .float32: return Double(Float(value))
    case .float16: return Self.rounded(value, significand: 11, minimumExponent: -14, limit: 65504)
    case .bfloat16:
      return Self.rounded(value, significand: 8, minimumExponent: -126, limit: 0x1.FEp127)
    case .bool: return value == 0 ? 0 : 1
    case .int64, .int32, .int16, .int8, .uint8:
      // What does not fit into 64 bits is undefined in PyTorch.
      guard abs(value) < 0x1p62 else { return 0 }
      let whole = Int(value)
      switch self {
      case .int32: return Double(Int32(truncatingIfNeeded: whole))
      case .int16: return Double(Int16(truncatingIfNeeded: whole))
      case .int8: return Double(Int8(truncatingIfNeeded: whole))
      case .uint8: return Double(UInt8(truncatingIfNeeded: whole))
      default: return Double(whole)
      }
    }
  }

  private static func rounded(
    _ value: Double, significand: Int, minimumExponent: Int, limit: Double
  ) -> Double {
    guard value.isFinite, value != 0 else { return value }
    let exponent = max(Int(value.exponent), minimumExponent) - (significand - 1)
    let unit = Double(sign: .plus, exponent: exponent, significand: 1)
    let result = (value / unit).rounded(.toNearestOrEven) * unit
    return abs(result) > limit ? (result < 0 ? -.infinity : .infinity) : result
  }
}
