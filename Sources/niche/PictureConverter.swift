import Foundation

/// Makes PNG of SVG with librsvg's `rsvg-convert`.
enum PictureConverter {
  private static let program = "rsvg-convert"
  /// Twice as many pixels as the picture says, for sharp text on today's screens and in print.
  private static let zoom = 2
  private static let timeLimit = 60.0

  /// Where the program is; nil where it is missing.
  static var path: String? {
    let folders = ProcessInfo.processInfo.environment["PATH"] ?? "/usr/local/bin:/usr/bin:/bin"
    return folders.split(separator: ":").lazy.map { "\($0)/\(program)" }
      .first { FileManager.default.isExecutableFile(atPath: $0) }
  }

  /// What to do where it is missing.
  static let remedy =
    "\(program) is not here; install librsvg's tools (Debian: sudo apt-get install librsvg2-bin)"

  /// The picture in PNG.
  ///
  /// - Throws: where the program is missing, fails or takes too long.
  static func png(_ svg: String) throws -> Data {
    guard let path else { throw Failure("PNG cannot be written: \(remedy), or write SVG.") }
    let files = FileManager.default
    let folder = files.temporaryDirectory.appendingPathComponent("niche-\(UUID().uuidString)")
    try files.createDirectory(at: folder, withIntermediateDirectories: true)
    defer { try? files.removeItem(at: folder) }
    let (input, output, errors) = (
      folder.appendingPathComponent("in.svg"), folder.appendingPathComponent("out.png"),
      folder.appendingPathComponent("errors")
    )
    // Files and no pipes: nobody waits for anybody.
    try Data(svg.utf8).write(to: input)
    try Data().write(to: errors)
    let process = Process()
    process.executableURL = URL(fileURLWithPath: path)
    process.arguments = ["--zoom", "\(zoom)", "--format", "png", "--output", output.path]
    process.standardInput = try FileHandle(forReadingFrom: input)
    process.standardOutput = FileHandle.nullDevice
    process.standardError = try FileHandle(forWritingTo: errors)
    let ended = DispatchSemaphore(value: 0)
    process.terminationHandler = { _ in ended.signal() }
    try process.run()
    guard ended.wait(timeout: .now() + timeLimit) == .success else {
      kill(process.processIdentifier, SIGKILL)
      throw Failure("PNG cannot be written: \(program) took more than \(Int(timeLimit)) seconds.")
    }
    guard process.terminationStatus == 0, let picture = files.contents(atPath: output.path) else {
      let reason = (try? String(contentsOf: errors, encoding: .utf8))?.split(separator: "\n").first
      throw Failure("PNG cannot be written: \(program) says '\(reason ?? "nothing")'.")
    }
    return picture
  }
}
