#if canImport(Glibc)
  import Glibc
#elseif canImport(Darwin)
  import Darwin
#endif

/// Whole files, read and written with the system's own words for what goes wrong.
enum FileBytes {
  /// All bytes of a regular file of at most 8 GiB.
  static func read(_ path: String) throws(WeightError) -> [UInt8] {
    var status = stat()
    guard stat(path, &status) == 0 else { throw failure(path) }
    guard status.st_mode & S_IFMT == S_IFREG else {
      throw .file(path: path, reason: "it is not a regular file")
    }
    let size = Int(status.st_size)
    guard size <= 8 << 30 else { throw .file(path: path, reason: "it has more than 8 GiB") }
    guard let file = fopen(path, "rb") else { throw failure(path) }
    defer { fclose(file) }
    let bytes = [UInt8](unsafeUninitializedCapacity: size) { buffer, count in
      count = fread(buffer.baseAddress, 1, size, file)
    }
    guard bytes.count == size else {
      throw .file(path: path, reason: "only \(bytes.count) of \(size) bytes came")
    }
    return bytes
  }

  /// Writes beside the path and renames, so that no reader ever sees half a file.
  static func write(_ bytes: [UInt8], to path: String) throws(WeightError) {
    let temporary = "\(path).\(getpid()).tmp"
    guard let file = fopen(temporary, "wb") else { throw failure(path) }
    let written = fwrite(bytes, 1, bytes.count, file)
    let isFlushed = fflush(file) == 0 && fsync(fileno(file)) == 0
    let cause = errno
    guard fclose(file) == 0, written == bytes.count, isFlushed else {
      unlink(temporary)
      throw .file(path: path, reason: String(cString: strerror(cause)))
    }
    guard rename(temporary, path) == 0 else {
      let error = failure(path)
      unlink(temporary)
      throw error
    }
  }

  private static func failure(_ path: String) -> WeightError {
    .file(path: path, reason: String(cString: strerror(errno)))
  }
}
