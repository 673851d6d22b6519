/// Reads whole files that may be compressed.
public enum FileContents {
  /// The bytes of a file, inflated where it is gzip data.
  ///
  /// - Throws: `DatasetError` where it cannot be read, is damaged, or has more than `limit` bytes.
  public static func inflated(_ path: String, limit: Int) throws(DatasetError) -> [UInt8] {
    let file = try CompressedFile(path: path)
    let bytes = try file.read(upTo: limit + 1)
    guard bytes.count <= limit else {
      throw .corrupt(path: path, reason: "it has more than \(limit) bytes")
    }
    return bytes
  }
}
