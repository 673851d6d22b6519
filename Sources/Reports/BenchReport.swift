import Execution
import Foundation
public import PythonSyntax
import Synchronization
public import TorchFrontend
import Training

/// How fast a network's steps are, or why it cannot be timed.
public struct BenchReport: Encodable, Sendable {
  /// What is timed.
  public enum Mode: String, Codable, Sendable, CaseIterable {
    /// Forward, backward and an SGD update.
    case train
    /// A forward pass in evaluation mode.
    case infer
  }

  /// What is timed, and how often.
  public struct Settings: Sendable {
    /// What is timed.
    public var mode: Mode
    /// Examples of one step.
    public var batch: Int
    /// The threads of one network, which share the work of its large operations.
    public var threads: Int
    /// Copies of the network that run side by side.
    public var copies: Int
    /// Steps that are not timed, before those that are.
    public var warmUps: Int
    /// How many steps are timed; nil repeats for some time.
    public var repetitions: Int?
    /// How long to repeat where the number of steps is not given, and at least three times.
    public var seconds: Double
    /// Whether each kind of operation is timed too.
    public var listsOperations: Bool

    /// Settings.
    public init(
      mode: Mode = .train, batch: Int = 128, threads: Int = 1, copies: Int = 1, warmUps: Int = 3,
      repetitions: Int? = nil, seconds: Double = 3, listsOperations: Bool = false
    ) {
      self.mode = mode
      self.batch = batch
      self.threads = threads
      self.copies = copies
      self.warmUps = warmUps
      self.repetitions = repetitions
      self.seconds = seconds
      self.listsOperations = listsOperations
    }
  }

  /// A kind of operation: one with its shapes.
  public struct OperationShare: Encodable, Sendable {
    /// Its name with the shapes of its operands and its first result.
    public var operation: String
    /// How often a step does it.
    public var count: Int
    /// What all of them take in a step, in milliseconds of processor time.
    public var milliseconds: Double
    /// Their share of the time of all operations, the optimizer's update left out.
    public var share: Double
  }

  /// Whether it was timed.
  public var ok: Bool
  /// The class (or function, or variable) that was built.
  public var network: String?
  /// What is timed.
  public var mode: Mode
  /// Examples of one step.
  public var batch: Int
  /// The threads of one network.
  public var threads: Int
  /// How many copies of the network ran side by side.
  public var copies: Int
  /// Examples a second, of all copies together.
  public var imagesPerSecond: Double?
  /// 10⁹ floating-point operations a second, two for each multiply-accumulate; a training step counts as three
  /// forward passes.
  public var gflops: Double?
  /// 10⁹ floating-point operations a second of fused multiply-adds in registers on one core, measured right after the
  /// steps.
  public var peakGflops: Double?
  /// The median time of a step.
  public var medianMilliseconds: Double?
  /// The shortest time of a step.
  public var minimumMilliseconds: Double?
  /// The median processor time of a step on the thread that runs it, which leaves out what others had of the
  /// processor.
  public var medianProcessorMilliseconds: Double?
  /// Steps that were timed, of all copies together.
  public var repetitions = 0
  /// The most memory that the process has held.
  public var peakMemoryBytes: Int?
  /// What one network's weights, optimizer state and intermediate values take.
  public var networkBytes: Int?
  /// What one network's intermediate values take.
  public var arenaBytes: Int?
  /// From source text to graph, in milliseconds, by a process that has compiled nothing before.
  public var compileMilliseconds: Double?
  /// From graph to weights, plan and memory, in milliseconds.
  public var planMilliseconds: Double?
  /// The kernels' instruction set.
  public var instructionSet: String?
  /// How long each kind of operation takes, the longest first, where that was asked for.
  public var operations: [OperationShare]?
  /// What healing changed.
  public var healed: [String] = []
  /// Errors, warnings and notes of the compiler.
  public var diagnostics: [Diagnostic] = []

  private enum CodingKeys: String, CodingKey {
    case ok, network, mode, batch, threads, copies, imagesPerSecond, gflops, peakGflops, repetitions
    case peakMemoryBytes, networkBytes, arenaBytes, instructionSet, operations, healed, diagnostics
    case medianMilliseconds = "medianMs"
    case minimumMilliseconds = "minMs"
    case medianProcessorMilliseconds = "medianProcessorMs"
    case compileMilliseconds = "compileMs"
    case planMilliseconds = "planMs"
  }

  /// Compiles a network and times it.
  ///
  /// - Parameters:
  ///   - inputs: the shapes of the inputs, with a batch of one in front.
  ///   - settings: what is timed.
  /// - Throws: `ReportError` where the network cannot be trained or planned; a source that does not compile gives a
  ///   report that says so.
  public init(
    _ request: NetworkRequest, inputs: [NetworkInput], settings: Settings
  ) throws(ReportError) {
    (ok, mode, batch) = (false, settings.mode, settings.batch)
    (threads, copies) = (settings.threads, settings.copies)
    let batches = inputs.map { NetworkInput($0.kind, [settings.batch] + $0.shape.dropFirst()) }
    let begin = ContinuousClock.now
    let mended: HealedNetwork
    do {
      mended = try request.compile(batches, isTraining: mode == .train)
    } catch {
      diagnostics = error.diagnostics
      return
    }
    compileMilliseconds = (ContinuousClock.now - begin) / .milliseconds(1)
    let network = mended.network
    (self.network, healed, diagnostics) = (network.className, mended.fixes.map { "\($0)" }, network.notes)
    do {
      try measure(network, settings)
    } catch {
      throw ReportError(error)
    }
    ok = true
  }

  private mutating func measure(_ network: CompiledNetwork, _ settings: Settings) throws {
    let results = Mutex<[Result<Timing, TrainingError>]>([])
    // Threads of their own: a pool might run them one after the other.
    let group = DispatchGroup()
    for _ in 0..<copies {
      group.enter()
      Thread.detachNewThread {
        let result = Result { () throws(TrainingError) in try Timing(network, settings) }
        results.withLock { $0.append(result) }
        group.leave()
      }
    }
    group.wait()
    let timings = try results.withLock { $0 }.map { try $0.get() }
    let times = timings.flatMap(\.milliseconds).sorted()
    let processorTimes = timings.flatMap(\.processorMilliseconds).sorted()
    guard let first = timings.first, let shortest = times.first else { return }
    let median = times[times.count / 2]
    repetitions = times.count
    (medianMilliseconds, minimumMilliseconds) = (median, shortest)
    medianProcessorMilliseconds = processorTimes[processorTimes.count / 2]
    imagesPerSecond = Double(batch * copies) * 1000 / median
    gflops = Double(copies) * 2 * Double(first.macs) * (mode == .train ? 3 : 1) / median / 1e6
    peakMemoryBytes = ExecutionEnvironment.peakMemoryByteCount
    // A hundredth of the steps' time: a single short step is not to be kept waiting for it.
    let seconds = min(0.02, times.reduce(0, +) / 100_000)
    peakGflops = try ExecutionEnvironment.multiplyAddRate(seconds: seconds) / 1e9
    (networkBytes, arenaBytes) = (first.byteCount, first.arenaByteCount)
    (planMilliseconds, instructionSet) = (first.planMilliseconds, first.instructionSet)
    guard settings.listsOperations else { return }
    let total = first.operations.reduce(0) { $0 + $1.seconds }
    operations = first.operations.map {
      OperationShare(
        operation: $0.operation, count: $0.count, milliseconds: $0.seconds * 1000, share: $0.seconds / total)
    }
  }

  /// The figures in words.
  public var text: String {
    var lines = diagnostics.map(\.rendered) + healed.map { "healed: \($0)" }
    if let imagesPerSecond, let gflops, let peakGflops, let medianMilliseconds, let minimumMilliseconds {
      let cores = threads * copies
      let side = copies > 1 ? "\(copies) copies side by side: " : ""
      lines.append(
        "\(network ?? ""): \(side)\(Figures.fixed(imagesPerSecond, 1)) images/s, \(Figures.fixed(gflops, 1)) "
          + "GFLOP/s (\(Figures.percent(gflops / peakGflops / Double(cores), decimals: 0)) of what multiply-adds "
          + "reach on \(cores == 1 ? "a core" : "\(cores) cores")); a step of \(batch) takes \(Figures.fixed(medianMilliseconds, 3)) ms (median of "
          + "\(repetitions), shortest \(Figures.fixed(minimumMilliseconds, 3)) ms)")
    }
    if let operations {
      var table = TextTable(["ms", "share", "times", "operation"], numbers: [0, 1, 2])
      for operation in operations {
        table.add([
          Figures.fixed(operation.milliseconds, 3), Figures.percent(operation.share), "\(operation.count)",
          operation.operation,
        ])
      }
      lines += ["", table.text]
    }
    return lines.joined(separator: "\n")
  }
}

/// The steps of one copy.
private struct Timing {
  var milliseconds: [Double] = []
  var processorMilliseconds: [Double] = []
  var operations: [(operation: String, seconds: Double, count: Int)] = []
  let planMilliseconds: Double
  let macs: Int
  let byteCount: Int
  let arenaByteCount: Int
  let instructionSet: String

  init(_ network: CompiledNetwork, _ settings: BenchReport.Settings) throws(TrainingError) {
    let clock = ContinuousClock()
    let begin = clock.now
    let timer = try StepTimer(network.graph, isTraining: settings.mode == .train, threads: settings.threads)
    planMilliseconds = (clock.now - begin) / .milliseconds(1)
    (macs, instructionSet) = (timer.macs, timer.instructionSet)
    (byteCount, arenaByteCount) = (timer.byteCount, timer.arenaByteCount)
    for _ in 0..<settings.warmUps { try timer.step() }
    let first = clock.now
    func isEnough() -> Bool {
      if let repetitions = settings.repetitions { return milliseconds.count >= repetitions }
      return milliseconds.count >= 3 && clock.now - first >= .seconds(settings.seconds)
    }
    repeat {
      let (start, processor) = (clock.now, ExecutionEnvironment.threadProcessorSeconds)
      try timer.step()
      milliseconds.append((clock.now - start) / .milliseconds(1))
      processorMilliseconds.append((ExecutionEnvironment.threadProcessorSeconds - processor) * 1000)
    } while !isEnough()
    if settings.listsOperations { operations = try timer.operationTimes(repetitions: 3) }
  }
}
