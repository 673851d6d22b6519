import Foundation

/// A folder that is gone when the value is.
final class TemporaryFolder {
  let path: String

  init() throws {
    path = NSTemporaryDirectory() + "niche-training-" + UUID().uuidString
    try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: true)
  }

  deinit { try? FileManager.default.removeItem(atPath: path) }

  @discardableResult
  func write(_ bytes: [UInt8], to name: String) throws -> String {
    let file = URL(fileURLWithPath: path).appendingPathComponent(name)
    try FileManager.default.createDirectory(
      at: file.deletingLastPathComponent(), withIntermediateDirectories: true)
    try Data(bytes).write(to: file)
    return file.path
  }
}

/// An IDX file of bytes.
func idxFile(extents: [Int], content: [UInt8]) -> [UInt8] {
  [0, 0, 8, UInt8(extents.count)] + extents.flatMap { bigEndian(UInt32($0)) } + content
}

func bigEndian(_ number: UInt32) -> [UInt8] {
  stride(from: 24, through: 0, by: -8).map { UInt8(number >> $0 & 255) }
}

func littleEndian(_ number: UInt32) -> [UInt8] { bigEndian(number).reversed() }

/// Gzip data with stored (uncompressed) blocks, by RFC 1951 and 1952.
func gzip(_ content: [UInt8]) -> [UInt8] {
  var result: [UInt8] = [0x1F, 0x8B, 8, 0, 0, 0, 0, 0, 0, 255]
  let blocks = max(1, (content.count + 65534) / 65535)
  for block in 0..<blocks {
    let piece = content[block * 65535..<min(content.count, (block + 1) * 65535)]
    let (low, high) = (UInt8(piece.count & 255), UInt8(piece.count >> 8))
    result += [block == blocks - 1 ? 1 : 0, low, high, ~low, ~high] + piece
  }
  var sum: UInt32 = 0xFFFF_FFFF
  for byte in content {
    sum ^= UInt32(byte)
    for _ in 0..<8 { sum = sum & 1 == 1 ? sum >> 1 ^ 0xEDB8_8320 : sum >> 1 }
  }
  return result + littleEndian(~sum) + littleEndian(UInt32(content.count))
}

/// A ustar archive.
func tar(_ members: [(name: String, content: [UInt8])], endMarker: Bool = true) -> [UInt8] {
  var result: [UInt8] = []
  for (name, content) in members {
    var header = [UInt8](repeating: 0, count: 512)
    func put(_ text: String, at place: Int) {
      for (offset, byte) in text.utf8.enumerated() { header[place + offset] = byte }
    }
    func octal(_ number: Int, _ width: Int) -> String {
      let digits = String(number, radix: 8)
      return String(repeating: "0", count: width - digits.count) + digits
    }
    put(name, at: 0)
    put("0000644", at: 100)
    put(octal(content.count, 11), at: 124)
    put("        ", at: 148)
    put(name.hasSuffix("/") ? "5" : "0", at: 156)
    put("ustar", at: 257)
    put(octal(header.reduce(0) { $0 + Int($1) }, 6) + "\0 ", at: 148)
    result += header + content
    result += [UInt8](repeating: 0, count: (512 - content.count % 512) % 512)
  }
  return result + [UInt8](repeating: 0, count: endMarker ? 1024 : 0)
}

/// What a Python program printed, or nil where there is no interpreter or it failed.
func python(_ program: String, _ arguments: [String] = [], interpreter: String = "python3") throws -> String {
  let process = Process()
  process.executableURL = URL(fileURLWithPath: "/usr/bin/env")
  process.arguments = [interpreter, "-c", program] + arguments
  let (output, errors) = (Pipe(), Pipe())
  process.standardOutput = output
  process.standardError = errors
  try process.run()
  let text = String(decoding: output.fileHandleForReading.readDataToEndOfFile(), as: UTF8.self)
  let trouble = String(decoding: errors.fileHandleForReading.readDataToEndOfFile(), as: UTF8.self)
  process.waitUntilExit()
  guard process.terminationStatus == 0 else { throw PythonFailure(description: trouble) }
  return text
}

struct PythonFailure: Error, CustomStringConvertible {
  var description: String
}

enum Interpreter {
  /// A Python at all.
  static let plain: String? = first { _ = try python("print(1)", interpreter: $0) }

  /// What PyTorch programs begin with: a folder as their argument, and `read`, which gives the tensors of a
  /// safetensors file in it without the library of that name.
  static let torchPrelude = """
    import json, struct, sys
    import torch
    from torch import nn
    torch.set_num_threads(1)
    folder = sys.argv[1]

    def read(name):
        data = open(f"{folder}/{name}", "rb").read()
        n = struct.unpack("<Q", data[:8])[0]
        header = json.loads(data[8:8 + n].decode())
        header.pop("__metadata__", None)
        types = {"F32": torch.float32, "I64": torch.int64}
        result = {}
        for key, entry in header.items():
            a, b = (8 + n + offset for offset in entry["data_offsets"])
            tensor = torch.frombuffer(bytearray(data[a:b]), dtype=types[entry["dtype"]])
            result[key] = tensor.reshape(entry["shape"])
        return result


    """

  /// A Python that has PyTorch: `NICHE_PYTHON`, `python3` or `/usr/bin/python3`.
  static let torch: String? = first { _ = try python("import torch", interpreter: $0) }

  private static func first(_ attempt: (String) throws -> Void) -> String? {
    let named = ProcessInfo.processInfo.environment["NICHE_PYTHON"].map { [$0] } ?? []
    return (named + ["python3", "/usr/bin/python3"]).first { (try? attempt($0)) != nil }
  }
}
