public import RandomStreams

/// Random changes of training images that keep their class.
public struct Augmentation: Sendable, Hashable, Codable {
  /// The border of black pixels within which an image is shifted at random (torchvision's `RandomCrop` with
  /// `padding`); 0 for none.
  public var cropPadding: Int
  /// Whether every second image, at random, is mirrored left to right.
  public var horizontalFlip: Bool

  /// Changes; none unless asked for.
  public init(cropPadding: Int = 0, horizontalFlip: Bool = false) {
    self.cropPadding = cropPadding
    self.horizontalFlip = horizontalFlip
  }

  /// Reads changes; what is left out has its default, and unknown keys are errors.
  public init(from decoder: any Decoder) throws {
    try StrictKeys.check(decoder, against: CodingKeys.self)
    let values = try decoder.container(keyedBy: CodingKeys.self)
    cropPadding = try values.decodeIfPresent(Int.self, forKey: .cropPadding) ?? 0
    horizontalFlip = try values.decodeIfPresent(Bool.self, forKey: .horizontalFlip) ?? false
  }

  enum CodingKeys: String, CodingKey, CaseIterable { case cropPadding, horizontalFlip }

  /// What happens to one image.
  public struct Draw: Sendable, Hashable {
    /// How many rows the image moves up.
    public var rows: Int
    /// How many columns it moves left.
    public var columns: Int
    /// Whether it is mirrored afterwards.
    public var isFlipped: Bool

    /// The image as it is.
    public static let identity = Draw(rows: 0, columns: 0, isFlipped: false)
  }

  /// What happens to an image in an epoch: the same whatever the order, the batch or the thread.
  public func draw(epoch: Int, example: Int, stream: RandomStream) -> Draw {
    guard cropPadding > 0 || horizontalFlip else { return .identity }
    var random = stream.stream("epoch", epoch).stream("example", example)
    let padding = min(max(0, cropPadding), ImageDataset.largestExtent)
    let rows = random.integer(below: 2 * padding + 1) - padding
    let columns = random.integer(below: 2 * padding + 1) - padding
    return Draw(rows: rows, columns: columns, isFlipped: horizontalFlip && random.bernoulli(0.5))
  }
}
