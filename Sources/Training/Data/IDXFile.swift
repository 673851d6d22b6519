/// The IDX format of MNIST and its kin: a magic number, big-endian extents, then bytes.
enum IDXFile {
  /// Reads images and labels that belong together.
  static func dataset(
    name: String, imagesPath: String, labelsPath: String, classNames: [String]
  ) throws(DatasetError) -> ImageDataset {
    let (extents, pixels) = try bytes(at: imagesPath, rank: 3, what: "pixels")
    let (labelExtents, labels) = try bytes(at: labelsPath, rank: 1, what: "labels")
    guard labelExtents[0] == extents[0] else {
      throw .corrupt(path: labelsPath, reason: "it has \(labelExtents[0]) labels for \(extents[0]) images")
    }
    if let wrong = labels.first(where: { Int($0) >= classNames.count }) {
      throw .corrupt(
        path: labelsPath, reason: "the label \(wrong) is outside the \(classNames.count) classes")
    }
    return try ImageDataset(
      name: name, channels: 1, height: extents[1], width: extents[2], classNames: classNames, images: pixels,
      labels: labels.map(Int32.init))
  }

  /// The extents and content of a file of unsigned bytes with that many dimensions.
  static func bytes(at path: String, rank: Int, what: String) throws(DatasetError) -> ([Int], [UInt8]) {
    let file = try CompressedFile(path: path)
    let magic = try file.read(exactly: 4, of: "header")
    guard magic[0] == 0, magic[1] == 0, magic[2] == 0x08, Int(magic[3]) == rank else {
      throw .corrupt(path: path, reason: "it is not an IDX file of bytes with \(rank) dimension(s)")
    }
    let header = try file.read(exactly: 4 * rank, of: "header")
    let extents = (0..<rank).map { axis in header[4 * axis..<4 * axis + 4].reduce(0) { $0 << 8 | Int($1) } }
    var count = 1
    for extent in extents {
      guard extent > 0 else { throw .corrupt(path: path, reason: "its header has an extent of 0") }
      let (product, overflow) = count.multipliedReportingOverflow(by: extent)
      guard !overflow, product <= largestByteCount else {
        throw .corrupt(path: path, reason: "its header claims more than \(largestByteCount >> 30) GiB")
      }
      count = product
    }
    let content = try file.read(exactly: count, of: what)
    try file.expectEnd()
    return (extents, content)
  }

  private static let largestByteCount = 1 << 31
}
