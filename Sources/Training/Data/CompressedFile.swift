import CZlib

#if canImport(Glibc)
  import Glibc
#elseif canImport(Darwin)
  import Darwin
#endif

/// Reads a file front to back, inflating it on the way where it is gzip data.
///
/// Checksums and completeness of gzip data are verified by zlib while reading.
struct CompressedFile: ~Copyable {
  /// Where the file is.
  let path: String
  private let handle: gzFile

  /// Opens a file.
  init(path: String) throws(DatasetError) {
    guard let handle = gzopen(path, "rb") else {
      throw .unreadable(path: path, reason: String(cString: strerror(errno)))
    }
    gzbuffer(handle, 1 << 17)
    self.path = path
    self.handle = handle
  }

  deinit { gzclose_r(handle) }

  /// The next bytes, fewer than asked for only at the end of the file.
  ///
  /// Memory grows with what is really there, so that a size made up by a damaged header costs nothing.
  func read(upTo count: Int) throws(DatasetError) -> [UInt8] {
    var bytes: [UInt8] = []
    while bytes.count < count {
      let room = min(count - bytes.count, Self.chunk)
      var got: Int32 = 0
      let piece = [UInt8](unsafeUninitializedCapacity: room) { buffer, used in
        got = gzread(handle, buffer.baseAddress, UInt32(room))
        used = max(0, Int(got))
      }
      guard got >= 0 else { throw failure() }
      bytes += piece
      guard Int(got) == room else { break }
    }
    // A gzip stream that stops short gives what it has; only the error state tells.
    if bytes.count < count { try checkState() }
    return bytes
  }

  /// Exactly that many bytes.
  func read(exactly count: Int, of what: String) throws(DatasetError) -> [UInt8] {
    let bytes = try read(upTo: count)
    guard bytes.count == count else {
      throw .corrupt(path: path, reason: "it ends after \(bytes.count) of \(count) bytes of \(what)")
    }
    return bytes
  }

  /// Passes over bytes; stops early, without an error, at the end of the file.
  func skip(_ count: Int) throws(DatasetError) {
    var rest = count
    while rest > 0 {
      let got = try read(upTo: min(rest, Self.chunk)).count
      guard got > 0 else { return }
      rest -= got
    }
  }

  /// Makes sure that nothing is left to read.
  func expectEnd() throws(DatasetError) {
    guard try read(upTo: 1).isEmpty else {
      throw .corrupt(path: path, reason: "it goes on behind its last record")
    }
  }

  private static let chunk = 1 << 20

  private func checkState() throws(DatasetError) {
    var code: Int32 = 0
    _ = gzerror(handle, &code)
    if code != Z_OK && code != Z_STREAM_END { throw failure() }
  }

  private func failure() -> DatasetError {
    var code: Int32 = 0
    let message = gzerror(handle, &code)
    switch code {
    case Z_BUF_ERROR: return .corrupt(path: path, reason: "the compressed data end too early")
    case Z_ERRNO: return .unreadable(path: path, reason: String(cString: strerror(errno)))
    default:
      let text = message.map { String(cString: $0) } ?? "error \(code)"
      let prefix = path + ": "
      return .corrupt(
        path: path, reason: text.hasPrefix(prefix) ? String(text.dropFirst(prefix.count)) : text)
    }
  }
}
