import NetworkGraph
import ONNX
import Search
import TorchFrontend
import Training

/// The files of one elite, as text and bytes.
struct EliteFiles {
  let elite: ExportedElite
  let archive: ExportedArchive
  let run: RunSnapshot

  /// The network's source under a header that says where it comes from.
  var network: String {
    let comment = origin.map { "# " + $0.split(whereSeparator: \.isNewline).joined(separator: " ") }
    return comment.joined(separator: "\n") + "\n\n" + elite.source
  }

  private var origin: [String] {
    let header = run.header
    let origin = elite.origin
    let measures = header.configuration.descriptors.map { axis in
      "\(axis.name) \(elite.measures[axis.name].map { axis.category(of: $0) ?? Figures.short($0) } ?? "?")"
    }
    let place = measures.joined(separator: ", ")
    let tested = elite.testAccuracy.map { ", test accuracy " + Figures.percent($0, decimals: 2) } ?? ""
    let validated = Figures.percent(elite.fitness, decimals: 2)
    let parents = origin.parents.map { "candidate \($0)" }.joined(separator: " and ")
    let prompt = origin.prompt.map { ", prompt '\($0)'" } ?? ""
    let temperature = origin.temperature.map { ", temperature " + Figures.fixed($0, 2) } ?? ""
    let network = elite.description
    var lines: [String] = []
    lines.append(
      "Candidate \(elite.candidate) of the run '\(header.name)', elite of niche \(elite.niche) (\(place)).")
    lines.append("Validation accuracy \(validated)\(tested) on \(header.configuration.measurement).")
    lines.append("\(network.parameters) parameters, \(network.macs) MACs an image, hash \(network.hash).")
    lines.append(
      "By \(origin.author.rawValue) (\(origin.form.rawValue)): \(origin.step.rawValue) of "
        + (parents.isEmpty ? "nothing" : parents) + prompt + temperature + ".")
    if let architecture = elite.architecture {
      lines.append("Architecture \(architecture) of \(header.configuration.space.name.rawValue), looked up.")
    }
    lines.append("Author: \(header.authorChoice)")
    lines += elite.verdict.healed.map { "Healed: \($0)" }
    return lines
  }

  /// The network as ONNX, for any batch unless its traces say otherwise.
  ///
  /// - Throws: where ONNX lacks one of its operations, or the source or weights do not fit.
  func onnx(weights: [UInt8]) throws(ExportNote) -> ONNXFile {
    do {
      let (task, values) = (try run.task(), try SafeTensors.decode(weights).weights)
      func graph(batch: Int) throws -> Graph {
        try NetworkCompiler.compile(elite.source, options: task.options(batch: batch, isTraining: false))
          .graph
      }
      func numbers(_ name: String) -> [Float]? {
        guard case .float32(let numbers)? = values[name]?.values else { return nil }
        return numbers
      }
      // Not 1, for which what repeats a batch would be no operation.
      let file = try ONNXFile(
        graph(batch: 2), comparedWith: graph(batch: 3), name: elite.folder, weight: numbers)
      return file.takesAnyBatch
        ? file : try ONNXFile(graph(batch: 1), name: elite.folder, weight: numbers)
    } catch {
      throw ExportNote("\(elite.folder) has no network.onnx: \(Self.oneLine("\(error)"))")
    }
  }

  /// What a person wants to know of the elite, in Markdown.
  func card(_ onnx: ONNXFile?) -> String {
    let (header, network) = (run.header, elite.description)
    var lines = ["# \(elite.folder)", "", Self.oneLine(origin[0]), "", "| | |", "|---|---|"]
    func row(_ name: String, _ value: String) { lines.append("| \(name) | \(Self.cell(value)) |") }
    row("Data set", header.configuration.measurement)
    if let architecture = elite.architecture { row("Architecture", "`\(architecture)`") }
    row("Validation accuracy", Figures.percent(elite.fitness, decimals: 2))
    if let scores = elite.scores {
      row(
        "Of trainings",
        scores.map { Figures.percent($0, decimals: 2) }.joined(separator: ", ")
          + "; the weights are the first's")
    }
    row("Test accuracy", elite.testAccuracy.map { Figures.percent($0, decimals: 2) } ?? "not measured")
    row("Parameters", "\(network.parameters)")
    row("MACs an image", "\(network.macs)")
    row("Width, depth", "\(network.width), \(network.depth)")
    for axis in header.configuration.descriptors {
      row(
        "Measure \(axis.name)",
        elite.measures[axis.name].map { axis.category(of: $0) ?? "\($0)" } ?? "?")
    }
    for objective in header.configuration.archive.objectives {
      row("Objective \(objective.name)", elite.objectives?[objective.name].map { "\($0)" } ?? "?")
    }
    row("Canonical hash", "`\(network.hash)`")
    row("Generation", "\(elite.generation)")
    row(
      "Parents",
      elite.origin.parents.isEmpty ? "none" : elite.origin.parents.map(String.init).joined(separator: ", "))
    row(
      "Written by",
      "\(elite.origin.author.rawValue), \(elite.origin.form.rawValue), \(elite.origin.step.rawValue)")
    if let models = elite.models { row("Model", models.joined(separator: ", ")) }
    if let ancestry { row("Ancestry", ancestry) }
    row("Prompt", elite.origin.prompt ?? "none")
    row("Author of the run", header.authorChoice)
    let training = header.configuration.training
    let space = header.configuration.space
    row(
      "Trained",
      elite.architecture != nil
        ? "not here; the accuracies are those of \(space.name.rawValue)'s table after \(space.epochs) epochs"
        : "\(training.epochs) epochs in batches of \(training.batchSize), \(training.optimizer.rawValue), "
          + "learning rate \(training.learningRate), seed \(header.configuration.seed)")
    if let effort { row("Training took", effort) }
    if let sent = elite.promptTokens, let received = elite.completionTokens {
      row("Tokens", "\(sent) in, \(received) out")
    }
    for healed in elite.verdict.healed { row("Healed", healed) }
    lines += ["", "## Loading it", "", "```python", "from load import load"]
    let state = elite.architecture == nil ? "in evaluation mode" : "that is not trained"
    lines += ["network = load(\"\(elite.folder)\")   # torch.nn.Module \(state)", "```", ""]
    if let onnx {
      lines += [
        "```python", "import onnxruntime",
        "session = onnxruntime.InferenceSession(\"\(elite.folder)/network.onnx\")",
        "logits = session.run(None, {session.get_inputs()[0].name: images})[0]", "```", "",
      ]
      if !onnx.takesAnyBatch { lines += ["The ONNX file takes one image at a time.", ""] }
    }
    if let normalization = archive.normalization {
      let (mean, deviation) = (normalization.mean, normalization.deviation)
      lines.append(
        "Images are scaled to 0…1, then normalised by mean \(mean) and standard deviation \(deviation), channel by "
          + "channel.")
    }
    return lines.joined(separator: "\n") + "\n"
  }

  /// More ancestors than these are not named on a card.
  private static let mostAncestors = 24

  /// The elite and its first parents; nil where it has none.
  private var ancestry: String? {
    guard !elite.ancestry.isEmpty else { return nil }
    let line = [elite.candidate] + elite.ancestry.prefix(Self.mostAncestors)
    return line.map(String.init).joined(separator: " ← ")
      + (elite.ancestry.count > Self.mostAncestors ? " ← …" : "")
  }

  /// What all trainings of it took; nil where there was none.
  private var effort: String? {
    guard let evaluation = run.candidate(elite.candidate)?.evaluation, let images = elite.imagesSeen else {
      return nil
    }
    let further = run.scores.filter { $0.candidate == elite.candidate }
    let seconds = further.reduce(evaluation.seconds) { $0 + $1.seconds }
    let trainings = further.isEmpty ? "" : " in \(further.count + 1) trainings"
    let time = Figures.fixed(seconds, seconds < 10 ? 2 : 1)
    return elite.architecture == nil
      ? "\(time) s on one thread, \(images) images\(trainings)"
      : "\(time) s, \(images) images, as the makers of the table measured it"
  }

  private static func oneLine(_ text: String) -> String {
    text.split(whereSeparator: \.isNewline).joined(separator: " ")
  }

  private static func cell(_ text: String) -> String {
    oneLine(text).split(separator: "|", omittingEmptySubsequences: false).joined(separator: "\\|")
  }
}

/// What an export had to leave out: one sentence.
public struct ExportNote: Error, Sendable, Hashable, CustomStringConvertible {
  /// The sentence.
  public var description: String

  init(_ description: String) { self.description = description }
}
