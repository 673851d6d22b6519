/// What is to be measured, as the command line says.
struct Arguments {
  /// A training step, or a forward pass in evaluation mode.
  enum Mode: String {
    case train, infer
  }

  static let usage = """
    usage: engine-benchmark FILE.py [--input 3x32x32] [--batch 128] [--mode train|infer] [--seconds 5]
                            [--isa avx512|avx2|portable] [--operations]
    """

  var file = ""
  /// Channels, height and width.
  var input = [3, 32, 32]
  var batch = 128
  var mode = Mode.train
  /// How long to repeat.
  var seconds = 5.0
  var instructionSet: String?
  /// Whether to say how long each kind of operation takes.
  var listsOperations = false

  /// Parses arguments; nil where they make no sense.
  init?(_ words: [String]) {
    var rest = words[...]
    while let word = rest.popFirst() {
      switch word {
      case "--input":
        guard let value = rest.popFirst() else { return nil }
        input = value.split(separator: "x").compactMap { Int($0) }
        guard !input.isEmpty else { return nil }
      case "--batch":
        guard let value = rest.popFirst().flatMap({ Int($0) }), value > 0 else { return nil }
        batch = value
      case "--mode":
        guard let value = rest.popFirst().flatMap(Mode.init) else { return nil }
        mode = value
      case "--seconds":
        guard let value = rest.popFirst().flatMap({ Double($0) }), value >= 0 else { return nil }
        seconds = value
      case "--isa":
        guard let value = rest.popFirst() else { return nil }
        instructionSet = value
      case "--operations": listsOperations = true
      default:
        guard file.isEmpty, !word.hasPrefix("-") else { return nil }
        file = word
      }
    }
    guard !file.isEmpty else { return nil }
  }
}
