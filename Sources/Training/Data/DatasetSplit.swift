public import RandomStreams

/// How the published training images are divided into training and validation.
public struct SplitConfiguration: Sendable, Hashable, Codable {
  /// The share of each class that validation gets.
  public var validationFraction: Double
  /// How many training images are used at most; all if nil.
  public var trainingLimit: Int?
  /// How many validation images are used at most; all if nil.
  public var validationLimit: Int?

  /// A division.
  public init(validationFraction: Double = 0.1, trainingLimit: Int? = nil, validationLimit: Int? = nil) {
    self.validationFraction = validationFraction
    self.trainingLimit = trainingLimit
    self.validationLimit = validationLimit
  }

  /// Reads a division; what is left out has its default, and unknown keys are errors.
  public init(from decoder: any Decoder) throws {
    try StrictKeys.check(decoder, against: CodingKeys.self)
    let values = try decoder.container(keyedBy: CodingKeys.self)
    let standard = SplitConfiguration()
    validationFraction =
      try values.decodeIfPresent(Double.self, forKey: .validationFraction) ?? standard.validationFraction
    trainingLimit = try values.decodeIfPresent(Int.self, forKey: .trainingLimit)
    validationLimit = try values.decodeIfPresent(Int.self, forKey: .validationLimit)
  }

  enum CodingKeys: String, CodingKey, CaseIterable {
    case validationFraction, trainingLimit, validationLimit
  }
}

/// Some of a data set's images.
public struct DatasetPart: Sendable, Hashable {
  /// The data set.
  public let dataset: ImageDataset
  /// Which of its images, in order.
  public let indices: [Int]

  /// Those images of the data set.
  ///
  /// - Throws: `DatasetError.invalidSplit` where an index is outside the data set.
  public init(_ dataset: ImageDataset, indices: [Int]) throws(DatasetError) {
    guard indices.allSatisfy({ dataset.labels.indices.contains($0) }) else {
      throw .invalidSplit("an index is outside the \(dataset.count) images of \(dataset.name)")
    }
    self.init(dataset: dataset, trusted: indices)
  }

  /// All images of the data set.
  public init(_ dataset: ImageDataset) { self.init(dataset: dataset, trusted: Array(0..<dataset.count)) }

  private init(dataset: ImageDataset, trusted indices: [Int]) {
    self.dataset = dataset
    self.indices = indices
  }

  /// How many images there are.
  public var count: Int { indices.count }

  /// The first images, all of them where there are fewer.
  public func prefix(_ count: Int) -> DatasetPart {
    DatasetPart(dataset: dataset, trusted: Array(indices.prefix(max(0, count))))
  }
}

/// Images to train on, images to choose networks by, and images for the last word.
public struct DatasetSplit: Sendable, Hashable {
  /// What weights are fitted to.
  public let training: DatasetPart
  /// What a search may look at.
  public let validation: DatasetPart
  /// The published test images; only for final figures, never for a search.
  public let test: DatasetPart
  /// Mean and deviation of the training part's channels, which all three are normalised with.
  public let normalization: Normalization

  /// Parts that are divided already; the normalisation is the training part's unless given.
  public init(
    training: DatasetPart, validation: DatasetPart, test: DatasetPart, normalization: Normalization? = nil
  ) {
    self.training = training
    self.validation = validation
    self.test = test
    self.normalization = normalization ?? Normalization(of: training)
  }

  /// Divides the published training images by the stream, class by class.
  ///
  /// Of each class the first `validationFraction · n` images (rounded) of a random permutation are for
  /// validation, the others for training. Both parts are then put in random order and cut to their limits, so
  /// that a smaller limit gives a prefix of a larger one's part.
  ///
  /// - Throws: `DatasetError.invalidSplit` where a part would be empty or a number makes no sense.
  public init(
    _ data: PublishedDataset, configuration: SplitConfiguration = SplitConfiguration(), stream: RandomStream
  ) throws(DatasetError) {
    let fraction = configuration.validationFraction
    guard fraction > 0, fraction < 1 else {
      throw .invalidSplit("validationFraction must be between 0 and 1, and is \(fraction)")
    }
    for (name, limit) in [
      ("trainingLimit", configuration.trainingLimit), ("validationLimit", configuration.validationLimit),
    ] {
      if let limit, limit < 1 { throw .invalidSplit("\(name) must be at least 1, and is \(limit)") }
    }
    var classes = [[Int]](repeating: [], count: data.training.classCount)
    for (index, label) in data.training.labels.enumerated() { classes[Int(label)].append(index) }
    var training: [Int] = []
    var validation: [Int] = []
    for (label, members) in classes.enumerated() {
      var random = stream.stream("class", label)
      let order = random.permutation(members.count).map { members[$0] }
      let share = Int((fraction * Double(members.count)).rounded())
      validation += order.prefix(share)
      training += order.dropFirst(share)
    }
    self.init(
      training: try Self.part(data.training, training, configuration.trainingLimit, "training", stream),
      validation: try Self.part(
        data.training, validation, configuration.validationLimit, "validation", stream),
      test: DatasetPart(data.test))
  }

  private static func part(
    _ dataset: ImageDataset, _ members: [Int], _ limit: Int?, _ name: String, _ stream: RandomStream
  ) throws(DatasetError) -> DatasetPart {
    guard !members.isEmpty else {
      throw .invalidSplit("of \(dataset.count) images none is left for \(name)")
    }
    var random = stream.stream(name)
    let order = random.permutation(members.count)
    return try DatasetPart(dataset, indices: order.prefix(limit ?? order.count).map { members[$0] })
  }
}
