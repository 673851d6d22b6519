import Foundation
import RunStore
import Search

/// A file of arrays that `numpy.load` reads: an uncompressed ZIP file with an `.npy` file for each.
///
/// Nothing in it depends on time or place.
struct NumPyArchive {
  /// The values of an array, row by row.
  enum Values {
    case doubles([Double])
    case integers([Int])
    case texts([String])
  }

  private var entries: [(name: String, bytes: [UInt8])] = []

  /// Adds an array of that shape.
  ///
  /// - Precondition: there are as many values as the shape says.
  mutating func add(_ name: String, _ values: Values, shape: [Int]) {
    var (type, body) = ("", [UInt8]())
    switch values {
    case .doubles(let numbers):
      type = "<f8"
      for number in numbers { body.append(littleEndian: number.bitPattern) }
    case .integers(let numbers):
      type = "<i8"
      for number in numbers { body.append(littleEndian: UInt64(bitPattern: Int64(number))) }
    case .texts(let texts):
      // NumPy keeps texts as scalars of four bytes, all as long as the longest.
      let length = max(1, texts.map { $0.unicodeScalars.count }.max() ?? 0)
      type = "<U\(length)"
      for text in texts {
        for scalar in text.unicodeScalars { body.append(littleEndian: scalar.value) }
        body += [UInt8](repeating: 0, count: 4 * (length - text.unicodeScalars.count))
      }
    }
    entries.append((name + ".npy", Self.header(type, shape) + body))
  }

  /// The header of the `.npy` format, version 1.0.
  private static func header(_ type: String, _ shape: [Int]) -> [UInt8] {
    let extents = shape.map(String.init).joined(separator: ", ") + (shape.count == 1 ? "," : "")
    let text = "{'descr': '\(type)', 'fortran_order': False, 'shape': (\(extents)), }"
    // The array begins at a multiple of 64 bytes; magic, version and length take ten.
    let padding = 63 - (10 + text.utf8.count) % 64
    let line = Array(text.utf8) + [UInt8](repeating: UInt8(ascii: " "), count: padding) + [UInt8(ascii: "\n")]
    var header: [UInt8] = [0x93] + Array("NUMPY".utf8) + [1, 0]
    header.append(littleEndian: UInt16(line.count))
    return header + line
  }

  /// The whole file (PKWARE's APPNOTE 6.3, sections 4.3.7, 4.3.12 and 4.3.16).
  var bytes: [UInt8] {
    var file: [UInt8] = []
    var directory: [UInt8] = []
    for (name, content) in entries {
      var common: [UInt8] = []
      common.append(littleEndian: UInt16(20))  // the version needed: 2.0
      common.append(littleEndian: UInt16(0))  // no flags
      common.append(littleEndian: UInt16(0))  // stored
      common.append(littleEndian: UInt16(0))  // midnight
      common.append(littleEndian: UInt16(0x21))  // on 1 January 1980
      common.append(littleEndian: Checksum.crc32(content))
      common.append(littleEndian: UInt32(content.count))
      common.append(littleEndian: UInt32(content.count))
      common.append(littleEndian: UInt16(name.utf8.count))
      common.append(littleEndian: UInt16(0))  // no extra field
      directory.append(littleEndian: UInt32(0x0201_4B50))
      directory.append(littleEndian: UInt16(20))
      directory += common
      directory += [UInt8](repeating: 0, count: 10)  // no comment, disk 0, no attributes
      directory.append(littleEndian: UInt32(file.count))
      directory += name.utf8
      file.append(littleEndian: UInt32(0x0403_4B50))
      file += common
      file += name.utf8
      file += content
    }
    let start = file.count
    file += directory
    file.append(littleEndian: UInt32(0x0605_4B50))
    file += [0, 0, 0, 0]
    file.append(littleEndian: UInt16(entries.count))
    file.append(littleEndian: UInt16(entries.count))
    file.append(littleEndian: UInt32(directory.count))
    file.append(littleEndian: UInt32(start))
    return file + [0, 0]
  }
}

extension [UInt8] {
  fileprivate mutating func append(littleEndian number: some FixedWidthInteger & UnsignedInteger) {
    for shift in stride(from: 0, to: number.bitWidth, by: 8) {
      append(UInt8(truncatingIfNeeded: number >> shift))
    }
  }
}

extension ExportedArchive {
  /// The elites as arrays under pyribs' names: `solution` (the candidates' numbers, n × 1), `objective` (n), `measures`
  /// (n × axes) and `index` (the cells, n); then the `axes` with their `lower` and `upper` bounds, and `cells`, how many
  /// there are.
  var arrays: NumPyArchive {
    var file = NumPyArchive()
    let count = elites.count
    file.add("solution", .integers(elites.map(\.candidate)), shape: [count, 1])
    file.add("objective", .doubles(elites.map(\.fitness)), shape: [count])
    file.add(
      "measures",
      .doubles(elites.flatMap { elite in axes.map { elite.measures[$0.name] ?? .nan } }),
      shape: [count, axes.count])
    file.add("index", .integers(elites.map(\.niche)), shape: [count])
    file.add("axes", .texts(axes.map(\.name)), shape: [axes.count])
    file.add("lower", .doubles(axes.map(\.lower)), shape: [axes.count])
    file.add("upper", .doubles(axes.map(\.upper)), shape: [axes.count])
    file.add("cells", .integers([niches]), shape: [])
    return file
  }
}
