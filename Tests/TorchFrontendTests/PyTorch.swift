import Foundation

/// A PyTorch to compare with: `NICHE_PYTHON`, or a `python3` that can import torch.
enum PyTorch {
  /// The interpreter, or nil where none can import torch.
  static let python: String? = {
    let candidates = [
      ProcessInfo.processInfo.environment["NICHE_PYTHON"], "/usr/bin/python3", "/usr/local/bin/python3",
    ]
    return candidates.compactMap(\.self).first { path in
      FileManager.default.isExecutableFile(atPath: path)
        && (try? run(path, ["-c", "import torch"], input: "").status) == 0
    }
  }()

  static func run(
    _ path: String, _ arguments: [String], input: String
  ) throws -> (status: Int32, output: Data) {
    let process = Process()
    process.executableURL = URL(fileURLWithPath: path)
    process.arguments = arguments
    let (standardInput, standardOutput) = (Pipe(), Pipe())
    process.standardInput = standardInput
    process.standardOutput = standardOutput
    process.standardError = FileHandle.nullDevice
    try process.run()
    try standardInput.fileHandleForWriting.write(contentsOf: Data(input.utf8))
    try standardInput.fileHandleForWriting.close()
    let output = standardOutput.fileHandleForReading.readDataToEndOfFile()
    process.waitUntilExit()
    return (process.terminationStatus, output)
  }
}

/// A network of the Fixtures folder; its first line gives its input: `# input: 2x3x32x32`.
struct Fixture: Sendable {
  var name: String
  var path: String
  var source: String
  var inputShape: [Int]

  static let folder = Bundle.module.url(forResource: "Fixtures", withExtension: nil)

  static let networks: [Fixture] = {
    guard let networks = folder?.appendingPathComponent("networks"),
      let files = try? FileManager.default.contentsOfDirectory(at: networks, includingPropertiesForKeys: nil)
    else { return [] }
    return files.filter { $0.pathExtension == "py" }.sorted { $0.path < $1.path }.compactMap { file in
      guard let source = try? String(contentsOf: file, encoding: .utf8),
        let shape = source.split(separator: "\n").first?.split(separator: " ").last
      else { return nil }
      return Fixture(
        name: file.deletingPathExtension().lastPathComponent, path: file.path, source: source,
        inputShape: shape.split(separator: "x").compactMap { Int($0) })
    }
  }()
}
