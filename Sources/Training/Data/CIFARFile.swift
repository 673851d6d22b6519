/// The binary version of CIFAR-10 and CIFAR-100 (Krizhevsky 2009): label bytes, then 3 planes of 32×32
/// pixels.
enum CIFARFile {
  /// How a member of the family is laid out.
  struct Layout: Sendable {
    /// The data set's name.
    var name: String
    /// Label bytes before the pixels; the last one is the class.
    var labelBytes: Int
    /// Files with training images, in order.
    var trainingFiles: [String]
    /// The file with test images.
    var testFile: String
    /// What the classes are called.
    var classNames: [String]
  }

  /// Reads an archive (`.tar` or `.tar.gz`) or a folder with the unpacked files.
  static func dataset(
    _ layout: Layout, at path: String, isFolder: Bool
  ) throws(DatasetError) -> PublishedDataset {
    let names = layout.trainingFiles + [layout.testFile]
    var files: [String: [UInt8]] = [:]
    if isFolder {
      for name in names {
        let file = try CompressedFile(path: path + "/" + name)
        files[name] = try file.read(upTo: largestFile)
        try file.expectEnd()
      }
    } else {
      files = try TarArchive.members(Set(names), at: path, limit: largestFile)
    }
    let training = try images(layout, layout.trainingFiles, files, path)
    let test = try images(layout, [layout.testFile], files, path)
    return try PublishedDataset(training: training, test: test)
  }

  private static let pixels = 3 * 32 * 32
  /// Ten times the largest official file.
  private static let largestFile = 1_600_000_000

  private static func images(
    _ layout: Layout, _ names: [String], _ files: [String: [UInt8]], _ path: String
  ) throws(DatasetError) -> ImageDataset {
    let record = layout.labelBytes + pixels
    var images: [UInt8] = []
    var labels: [Int32] = []
    images.reserveCapacity(names.reduce(0) { $0 + (files[$1]?.count ?? 0) })
    for name in names {
      guard let bytes = files[name] else {
        throw .corrupt(path: path, reason: "\(name) is not in it")
      }
      guard !bytes.isEmpty, bytes.count.isMultiple(of: record) else {
        throw .corrupt(
          path: path,
          reason: "\(name) has \(bytes.count) bytes, not a multiple of the record length \(record)")
      }
      for start in stride(from: 0, to: bytes.count, by: record) {
        let label = bytes[start + layout.labelBytes - 1]
        guard Int(label) < layout.classNames.count else {
          throw .corrupt(
            path: path,
            reason: "\(name) has the label \(label), outside the \(layout.classNames.count) classes")
        }
        labels.append(Int32(label))
        images += bytes[start + layout.labelBytes..<start + record]
      }
    }
    return try ImageDataset(
      name: layout.name, channels: 3, height: 32, width: 32, classNames: layout.classNames, images: images,
      labels: labels)
  }
}
