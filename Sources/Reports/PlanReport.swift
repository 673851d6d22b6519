import Execution
import NetworkGraph
import TorchFrontend
import Training

/// The plan by which a network is run: steps in order, and where every value lies.
public struct PlanReport: Codable, Sendable {
  /// What is planned: a training step without the optimizer's update, or a forward pass in evaluation mode.
  public var mode: BenchReport.Mode
  /// Examples of one step.
  public var batch: Int
  /// Into how many parts they fall, for each of which all steps are done.
  public var parts: Int
  /// The kernels' instruction set.
  public var instructionSet: String
  /// What all intermediate values, inputs and outputs take together.
  public var arenaBytes: Int
  /// What they and scratch memory would take if each had a place of its own.
  public var separateBytes: Int
  /// How often each operation is done, the most frequent first.
  public var kernels: [Kernel]
  /// In the order in which they are done.
  public var steps: [Step]

  /// How often an operation is done.
  public struct Kernel: Codable, Sendable {
    /// Its name.
    public var operation: String
    /// How many steps do it.
    public var count: Int
  }

  /// A kernel call or a view.
  public struct Step: Codable, Sendable {
    /// Its name.
    public var operation: String
    /// What it reads.
    public var inputs: [Value]
    /// What it writes.
    public var outputs: [Value]
    /// What it needs while it runs.
    public var scratchBytes: Int
    /// What is made of its weights before the first run and kept.
    public var keptBytes: Int
    /// Whether nothing is done, as the result is the operand as it lies in memory.
    public var isView: Bool
    /// The chain of steps that it is done in, some of the batch at a time; nil where it is done at once.
    public var chain: Chain?
  }

  /// Steps in a row that are all done for a section of the batch before the next one.
  public struct Chain: Codable, Sendable {
    /// Counted from 1.
    public var number: Int
    /// `images` or `channels`: along which axis sections lie side by side.
    public var axis: String
    /// How many sections there are.
    public var sections: Int
  }

  /// What a step reads or writes.
  public struct Value: Codable, Sendable {
    /// The shape, whatever the layout.
    public var shape: [Int]
    /// The elements' type: `float32` or `int32`.
    public var elementType: String
    /// `rows` or `blocks`.
    public var layout: String
    /// What it takes.
    public var bytes: Int
    /// Where it begins in the arena; nil for parameters and buffers.
    public var offset: Int?
    /// The name of the parameter or buffer.
    public var variable: String?
    /// Whether it overwrites an operand of its step.
    public var isInPlace: Bool
  }

  /// The plan of a compiled network.
  ///
  /// - Throws: `ReportError` where it cannot be trained or planned.
  init(_ network: CompiledNetwork, mode: BenchReport.Mode, batch: Int) throws(ReportError) {
    let plan: PlanDescription
    do {
      plan = try PlanDescription(
        StepTimer.graph(of: network.graph, isTraining: mode == .train).graph,
        keepsVariables: mode != .train)
    } catch {
      throw ReportError(error)
    }
    (self.mode, self.batch, instructionSet) = (mode, batch, plan.instructionSet.rawValue)
    parts = plan.partCount
    (arenaBytes, separateBytes) = (plan.arenaByteCount, plan.separateByteCount)
    steps = plan.steps.map { step in
      Step(
        operation: step.operation, inputs: step.inputs.map { Value($0, isInPlace: false) },
        outputs: step.outputs.map { Value($0, isInPlace: step.isInPlace($0)) },
        scratchBytes: step.scratchByteCount, keptBytes: step.keptByteCount, isView: step.isView,
        chain: step.chain.map { Chain(number: $0.number, axis: $0.axis.rawValue, sections: $0.sectionCount) })
    }
    kernels = Dictionary(grouping: plan.steps.filter { !$0.isView }, by: \.operation)
      .map { Kernel(operation: $0.key, count: $0.value.count) }
      .sorted { ($1.count, $0.operation) < ($0.count, $1.operation) }
  }

  /// The plan for the terminal.
  var text: String {
    var table = TextTable(
      ["step", "operation", "writes", "bytes", "scratch", "", "chain", "reads"], numbers: [0, 3, 4])
    var number = 0
    for step in steps {
      if !step.isView { number += 1 }
      table.add([
        step.isView ? "" : "\(number)", step.operation, Self.text(step.outputs),
        step.isView ? "" : "\(step.outputs.reduce(0) { $0 + $1.bytes })",
        step.scratchBytes > 0 ? "\(step.scratchBytes)" : "",
        step.isView ? "view" : step.outputs.contains(where: \.isInPlace) ? "in place" : "",
        step.chain.map { "\($0.number): \($0.sections) × \($0.axis)" } ?? "", Self.text(step.inputs),
      ])
    }
    let views = steps.count - number
    let share = separateBytes > 0 ? Double(arenaBytes) / Double(separateBytes) : 1
    let kind = mode == .train ? "a training step" : "a forward pass"
    let examples = parts > 1 ? "\(batch) in \(parts) parts" : "\(batch)"
    return [
      "plan of \(kind) of \(examples) with \(instructionSet) kernels; "
        + "# lies in blocks of sixteen images, @ so many bytes behind the arena's beginning; the steps of a chain are "
        + "all done for a section of the images or channels before the next one",
      table.text, "",
      "\(number) steps and \(views) \(views == 1 ? "view" : "views") in an arena of "
        + "\(Figures.short(Double(arenaBytes)))B, \(Figures.percent(share)) of the "
        + "\(Figures.short(Double(separateBytes)))B that every value in a place of its own would take",
      kernels.map { "\($0.operation) × \($0.count)" }.joined(separator: ", "),
    ].joined(separator: "\n")
  }

  private static func text(_ values: [Value]) -> String { values.map(\.text).joined(separator: ", ") }
}

extension PlanReport.Value {
  fileprivate init(_ value: PlanDescription.Value, isInPlace: Bool) {
    (shape, elementType, layout) = (value.shape, value.elementType.rawValue, value.layout.rawValue)
    (bytes, self.isInPlace) = (value.byteCount, isInPlace)
    switch value.place {
    case .arena(let offset): self.offset = offset
    case .variable(let name): variable = name
    }
  }

  /// Such as `128×16×32×32#@4096` or `fc.bias`.
  fileprivate var text: String {
    if let variable { return variable }
    let extents = shape.isEmpty ? "1" : shape.map(String.init).joined(separator: "×")
    let type = elementType == "float32" ? "" : " \(elementType)"
    return extents + (layout == "blocks" ? "#" : "") + type + (offset.map { "@\($0)" } ?? "")
  }
}
