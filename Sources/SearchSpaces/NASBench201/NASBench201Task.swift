/// What the networks of NAS-Bench-201 classify.
public struct NASBench201Task: Sendable, Hashable {
  /// How the task is called, such as `cifar-10`.
  public let name: String
  /// How many classes there are.
  public let classCount: Int
  /// Height and width of the images, which have three channels.
  public let imageSize: Int

  /// CIFAR-10: 10 classes, 32 × 32.
  public static let cifar10 = NASBench201Task(known: "cifar-10", classes: 10, size: 32)
  /// CIFAR-100: 100 classes, 32 × 32.
  public static let cifar100 = NASBench201Task(known: "cifar-100", classes: 100, size: 32)
  /// ImageNet16-120: 120 classes of ImageNet, 16 × 16 (Chrabaszcz, Loshchilov & Hutter 2017).
  public static let imageNet16 = NASBench201Task(known: "imagenet16-120", classes: 120, size: 16)

  /// The three tasks of the benchmark.
  public static let all: [NASBench201Task] = [.cifar10, .cifar100, .imageNet16]

  private init(known name: String, classes: Int, size: Int) {
    (self.name, classCount, imageSize) = (name, classes, size)
  }

  /// Any other task.
  ///
  /// - Throws: where there is no class, or the images cannot be halved twice.
  public init(name: String, classCount: Int, imageSize: Int) throws(SearchSpaceError) {
    guard (1...1_000_000).contains(classCount) else {
      throw SearchSpaceError("A task has 1 to 1,000,000 classes, and here are \(classCount).")
    }
    guard (4...4096).contains(imageSize), imageSize.isMultiple(of: 4) else {
      throw SearchSpaceError(
        "The images' side must be a multiple of 4 from 4 to 4096, since the network halves it twice; it is \(imageSize)."
      )
    }
    (self.name, self.classCount, self.imageSize) = (name, classCount, imageSize)
  }
}
