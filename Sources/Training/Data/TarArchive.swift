/// Reads the members of a tar archive (ustar, GNU and pax), compressed with gzip or not, in one pass.
enum TarArchive {
  /// A member's bytes by the last part of its path, for those names that are wanted.
  ///
  /// - Parameter limit: the largest member that is taken, in bytes.
  static func members(
    _ wanted: Set<String>, at path: String, limit: Int
  ) throws(DatasetError) -> [String: [UInt8]] {
    let file = try CompressedFile(path: path)
    var found: [String: [UInt8]] = [:]
    while found.count < wanted.count {
      let header = try file.read(upTo: blockSize)
      // Two blocks of zeros end an archive; a missing end marker is common and harmless.
      if header.isEmpty || header.allSatisfy({ $0 == 0 }) { break }
      guard header.count == blockSize, checksumAgrees(header), let size = memberSize(header) else {
        throw .corrupt(path: path, reason: "it is not a tar archive, or a member's header is damaged")
      }
      let padded = (size + blockSize - 1) / blockSize * blockSize
      let name = text(header[0..<100]).split(separator: "/").last.map(String.init) ?? ""
      let isRegularFile = header[156] == 0 || header[156] == UInt8(ascii: "0")
      guard isRegularFile, wanted.contains(name), found[name] == nil else {
        try file.skip(padded)
        continue
      }
      guard size <= limit else {
        throw .corrupt(path: path, reason: "its member \(name) has \(size) bytes, more than \(limit)")
      }
      found[name] = try file.read(exactly: size, of: name)
      try file.skip(padded - size)
    }
    return found
  }

  private static let blockSize = 512

  private static func text(_ field: ArraySlice<UInt8>) -> String {
    String(decoding: field.prefix { $0 != 0 }, as: UTF8.self)
  }

  private static func octal(_ field: ArraySlice<UInt8>) -> Int? {
    let digits = text(field).split(separator: " ").first ?? ""
    return Int(digits, radix: 8)
  }

  /// The size field: octal digits, or (GNU) a big-endian number marked by its first bit.
  private static func memberSize(_ header: [UInt8]) -> Int? {
    let field = header[124..<136]
    if field[124] & 0x80 == 0 {
      guard let size = octal(field), size >= 0 else { return nil }
      return size
    }
    guard field[124] == 0x80, field[125..<129].allSatisfy({ $0 == 0 }) else { return nil }
    let size = field[129...].reduce(0) { $0 << 8 | Int($1) }
    return size <= 1 << 40 ? size : nil
  }

  /// The sum of all header bytes, with the checksum field itself read as blanks.
  private static func checksumAgrees(_ header: [UInt8]) -> Bool {
    var sum = 0
    for (index, byte) in header.enumerated() {
      sum += 148..<156 ~= index ? Int(UInt8(ascii: " ")) : Int(byte)
    }
    return octal(header[148..<156]) == sum
  }
}
