import ArgumentParser
import Foundation
import Reports
import TorchFrontend

/// The file of a network and how the network in it is found and built; the same for every command that takes one.
struct NetworkArguments: ParsableArguments {
  @Argument(help: "The Python file; '-' for the standard input.")
  var file: String

  @Option(
    parsing: .singleValue,
    help: ArgumentHelp(
      "The shape of an input without the batch, such as 3x32x32 or int64:128; repeat it for further inputs.",
      valueName: "shape"))
  var input: [String] = []

  @OptionGroup var building: BuildingArguments

  /// What is to be compiled.
  func request() throws -> NetworkRequest { try building.request(file: file) }

  /// The shapes of the inputs as given, or one RGB image of 32×32.
  func shapes() throws -> [NetworkInput] {
    try (input.isEmpty ? ["3x32x32"] : input).map(Self.shape)
  }

  /// `3x32x32` or `int64:128`, with a batch of 1 in front.
  static func shape(_ text: String) throws -> NetworkInput {
    let parts = text.split(separator: ":", omittingEmptySubsequences: false)
    let kind = parts.count == 2 ? NetworkInput.Kind(rawValue: String(parts[0])) : .float32
    let extents = (parts.last ?? "").split(separator: "x", omittingEmptySubsequences: false).map { Int($0) }
    guard let kind, parts.count <= 2, extents.count <= 8,
      extents.allSatisfy({ $0.map { (1...1_000_000).contains($0) } ?? false })
    else {
      let kinds = NetworkInput.Kind.allCases.map(\.rawValue).joined(separator: ", ")
      throw ValidationError(
        "--input '\(text)' is not a shape such as 3x32x32 or int64:128 (element types: \(kinds)).")
    }
    return NetworkInput(kind, [1] + extents.compactMap(\.self))
  }
}

/// How the network in a file is found and built.
struct BuildingArguments: ParsableArguments {
  @Option(name: .customLong("class"), help: "The class, function or variable that is the network.")
  var className: String?

  @Option(help: "Arguments of its constructor as JSON: an object by name, or a list by position.")
  var args: String?

  @Option(
    help: ArgumentHelp(
      "An expression over the file's names that builds the network, such as 'VGG(\"VGG16\")'.",
      valueName: "expression"))
  var call: String?

  @Option(help: "How many classes the output must have; by default what the network says.")
  var classes: Int?

  @Flag(
    help: "Mend what keeps it from compiling, such as channel counts; says what it changed.")
  var heal = false

  func validate() throws {
    if let classes, !(1...1_000_000).contains(classes) {
      throw ValidationError("--classes must be at least 1.")
    }
    guard [className, call].compactMap(\.self).count < 2 else {
      throw ValidationError("--class and --call both say what the network is; give one of them.")
    }
    guard args == nil || call == nil else {
      throw ValidationError("--call holds the arguments itself; leave --args out.")
    }
  }

  /// What is to be compiled of a file.
  func request(file: String) throws -> NetworkRequest {
    NetworkRequest(
      source: try Self.source(file), file: file, className: className, arguments: args, call: call,
      classes: classes, heals: heal)
  }

  private static func source(_ file: String) throws -> String {
    let handle: FileHandle
    if file == "-" {
      handle = .standardInput
    } else if let opened = FileHandle(forReadingAtPath: file) {
      handle = opened
    } else {
      throw Failure("'\(file)' cannot be read; is the path right?")
    }
    let limit = 1 << 20
    guard let data = try? handle.read(upToCount: limit + 1) else { return "" }
    guard data.count <= limit else {
      throw Failure("'\(file)' is larger than 1 MiB, which no network's source is.")
    }
    guard let text = String(data: data, encoding: .utf8) else {
      throw Failure("'\(file)' is not UTF-8 text.")
    }
    return text
  }
}
