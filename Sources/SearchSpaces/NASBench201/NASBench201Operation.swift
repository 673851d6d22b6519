/// What an edge of a NAS-Bench-201 cell does; in the order in which the benchmark numbers them.
public enum NASBench201Operation: Int, Sendable, Hashable, CaseIterable {
  /// Nothing: the edge is not there.
  case none
  /// The identity.
  case skipConnection
  /// ReLU, 1 × 1 convolution, batch normalisation.
  case convolution1x1
  /// ReLU, 3 × 3 convolution, batch normalisation.
  case convolution3x3
  /// The mean of 3 × 3 places, those beyond the border left out.
  case averagePooling3x3

  /// The name that arch strings have.
  public var name: String {
    switch self {
    case .none: "none"
    case .skipConnection: "skip_connect"
    case .convolution1x1: "nor_conv_1x1"
    case .convolution3x3: "nor_conv_3x3"
    case .averagePooling3x3: "avg_pool_3x3"
    }
  }

  /// The operation of that name, in small or capital letters; nil where there is none.
  public init?(named name: some StringProtocol) {
    let name = name.lowercased()
    guard let known = Self.allCases.first(where: { $0.name == name }) else { return nil }
    self = known
  }

  /// The side of its convolution's window; nil where it is none.
  var window: Int? {
    switch self {
    case .convolution1x1: 1
    case .convolution3x3: 3
    case .none, .skipConnection, .averagePooling3x3: nil
    }
  }
}
