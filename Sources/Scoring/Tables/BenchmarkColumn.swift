/// One column of a benchmark table: a figure of every architecture, measured once by those who made the benchmark.
public struct BenchmarkColumn: Sendable, Hashable, Codable {
  /// What is measured.
  public enum Quantity: String, Sendable, Hashable, Codable, CaseIterable {
    /// The share of validation images told rightly, in per cent.
    case validationAccuracy = "validation_accuracy"
    /// The share of test images told rightly, in per cent.
    case testAccuracy = "test_accuracy"
    /// The seconds that training took.
    case trainingTime = "training_time"
    /// The seconds that one batch took.
    case latency

    /// The unit: `%` or `s`.
    public var unit: String {
      switch self {
      case .validationAccuracy, .testAccuracy: "%"
      case .trainingTime, .latency: "s"
      }
    }

    /// What values may be.
    var bounds: ClosedRange<Double> {
      switch self {
      case .validationAccuracy, .testAccuracy: 0...100
      case .trainingTime, .latency: 0...1e9
      }
    }
  }

  /// Its name in the table and in CSV files, such as `c10_val200_nats`.
  public var name: String
  /// The task, such as `cifar-10`.
  public var task: String
  /// What is measured.
  public var quantity: Quantity
  /// For how many epochs the networks were trained; nil where that does not matter.
  public var epochs: Int?
  /// Which measurement it belongs to, such as `nats-bench`; figures of different ones do not mix.
  public var family: String

  /// A column.
  public init(name: String, task: String, quantity: Quantity, epochs: Int?, family: String) {
    (self.name, self.task, self.quantity) = (name, task, quantity)
    (self.epochs, self.family) = (epochs, family)
  }
}
