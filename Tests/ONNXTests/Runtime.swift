import Foundation
import Testing

/// Asks onnxruntime through the script in Fixtures.
enum Runtime {
  struct Tensor: Encodable {
    var shape: [Int]
    var isInteger = false
    var values: [Float]
  }

  struct Question {
    var file: [UInt8]
    var inputs: [String: Tensor]
  }

  struct Answer: Decodable {
    var outputs: [[Double]]?
    var shapes: [[Int]]?
    var error: String?
  }

  /// The first Python that has onnxruntime: that of `scripts/test`, or others that are named or at hand.
  static let python: String? = {
    let environment = ProcessInfo.processInfo.environment
    let named = [environment["NICHE_PEERS_PYTHON"], environment["NICHE_PYTHON"]].compactMap(\.self)
    return (named + ["python3"]).first { run($0, ["-c", "import onnxruntime"], isQuiet: true) == 0 }
  }()

  static var isAvailable: Bool { python != nil }

  static func ask(_ questions: [Question]) throws -> [Answer] {
    let folder = FileManager.default.temporaryDirectory.appendingPathComponent(UUID().uuidString)
    try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
    defer { try? FileManager.default.removeItem(at: folder) }
    struct Asked: Encodable {
      var path: String
      var inputs: [String: Tensor]
    }
    var asked: [Asked] = []
    for (index, question) in questions.enumerated() {
      let path = folder.appendingPathComponent("\(index).onnx")
      try Data(question.file).write(to: path)
      asked.append(Asked(path: path.path, inputs: question.inputs))
    }
    let (questionFile, answerFile) = (
      folder.appendingPathComponent("questions.json"), folder.appendingPathComponent("answers.json")
    )
    try JSONEncoder().encode(asked).write(to: questionFile)
    let script = try #require(
      Bundle.module.url(forResource: "onnx_run", withExtension: "py", subdirectory: "Fixtures"))
    try #require(run(try #require(python), [script.path, questionFile.path, answerFile.path]) == 0)
    let decoder = JSONDecoder()
    decoder.nonConformingFloatDecodingStrategy = .convertFromString(
      positiveInfinity: "inf", negativeInfinity: "-inf", nan: "nan")
    return try decoder.decode([Answer].self, from: Data(contentsOf: answerFile))
  }

  private static func run(_ python: String, _ arguments: [String], isQuiet: Bool = false) -> Int32? {
    let process = Process()
    process.executableURL = URL(fileURLWithPath: "/usr/bin/env")
    process.arguments = [python] + arguments
    process.standardOutput = FileHandle.nullDevice
    if isQuiet { process.standardError = FileHandle.nullDevice }
    guard (try? process.run()) != nil else { return nil }
    process.waitUntilExit()
    return process.terminationStatus
  }
}
