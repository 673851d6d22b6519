/// Labelled images of one size with 8-bit channels, as they are on disk; a value that is cheap to share.
public struct ImageDataset: Sendable, Hashable {
  /// What the data set is called, such as `cifar-10`.
  public let name: String
  /// Channels of an image: 1 for grey, 3 for red, green and blue.
  public let channels: Int
  /// Rows of an image.
  public let height: Int
  /// Columns of an image.
  public let width: Int
  /// What each label means; as many as there are classes.
  public let classNames: [String]
  /// All pixels, `[count, channels, height, width]` row-major.
  public let images: [UInt8]
  /// The class of each image.
  public let labels: [Int32]

  /// A data set.
  ///
  /// - Throws: `DatasetError.inconsistent` where sizes, pixels and labels do not fit together.
  public init(
    name: String, channels: Int, height: Int, width: Int, classNames: [String], images: [UInt8],
    labels: [Int32]
  ) throws(DatasetError) {
    let extents = [channels, height, width]
    guard extents.allSatisfy({ (1...Self.largestExtent).contains($0) }) else {
      throw .inconsistent(
        "\(name): an image of \(channels)×\(height)×\(width) is outside 1…\(Self.largestExtent) in some extent"
      )
    }
    guard !classNames.isEmpty else { throw .inconsistent("\(name): there are no classes") }
    let (needed, overflow) = labels.count.multipliedReportingOverflow(by: channels * height * width)
    guard !overflow, images.count == needed else {
      throw .inconsistent(
        "\(name): \(labels.count) labels of \(channels)×\(height)×\(width) images do not fit \(images.count) bytes"
      )
    }
    if let wrong = labels.first(where: { $0 < 0 || Int($0) >= classNames.count }) {
      throw .inconsistent("\(name): the label \(wrong) is outside the \(classNames.count) classes")
    }
    self.name = name
    self.channels = channels
    self.height = height
    self.width = width
    self.classNames = classNames
    self.images = images
    self.labels = labels
  }

  /// The largest number of channels, rows or columns of an image.
  static let largestExtent = 4096

  /// How many images there are.
  public var count: Int { labels.count }
  /// How many classes there are.
  public var classCount: Int { classNames.count }
  /// How many numbers an image has.
  public var pixelsPerImage: Int { channels * height * width }
}

/// A data set as published: images to train on and images to test on.
public struct PublishedDataset: Sendable, Hashable {
  /// The images that training and validation are drawn from.
  public let training: ImageDataset
  /// The images for the last word only.
  public let test: ImageDataset

  /// A published data set.
  ///
  /// - Throws: `DatasetError.inconsistent` where the two parts differ in image size or classes.
  public init(training: ImageDataset, test: ImageDataset) throws(DatasetError) {
    guard training.channels == test.channels, training.height == test.height, training.width == test.width,
      training.classNames == test.classNames
    else {
      throw .inconsistent("\(training.name): training and test images differ in size or classes")
    }
    self.training = training
    self.test = test
  }
}
