import Execution
import Foundation
public import PythonSyntax
import Synchronization
public import TorchFrontend
import Training

/// How fast a network's steps are, or why it cannot be timed.
public struct BenchReport: Encodable, Sendable {
  /// What is timed.
  public enum Mode: String, Encodable, Sendable, CaseIterable {
    /// Forward, backward and an SGD update.
    case train
    /// A forward pass in evaluation mode.
    case infer
  }

  /// Whether it was timed.
  public var ok: Bool
  /// The class (or function, or variable) that was built.
  public var network: String?
  /// What is timed.
  public var mode: Mode
  /// Examples of one step.
  public var batch: Int
  /// How many copies of the network ran side by side, one thread each.
  public var threads: Int
  /// Examples a second, of all threads together.
  public var imagesPerSecond: Double?
  /// 10⁹ floating-point operations a second, two for each multiply-accumulate; a training step counts as three
  /// forward passes.
  public var gflops: Double?
  /// The median time of a step.
  public var medianMilliseconds: Double?
  /// The shortest time of a step.
  public var minimumMilliseconds: Double?
  /// Steps that were timed, after three that were not.
  public var repetitions = 0
  /// The most memory that the process has held.
  public var peakMemoryBytes: Int?
  /// What one network's weights, optimizer state and intermediate values take.
  public var networkBytes: Int?
  /// The kernels' instruction set.
  public var instructionSet: String?
  /// What healing changed.
  public var healed: [String] = []
  /// Errors, warnings and notes of the compiler.
  public var diagnostics: [Diagnostic] = []

  private enum CodingKeys: String, CodingKey {
    case ok, network, mode, batch, threads, imagesPerSecond, gflops, repetitions, peakMemoryBytes
    case networkBytes, instructionSet, healed, diagnostics
    case medianMilliseconds = "medianMs"
    case minimumMilliseconds = "minMs"
  }

  /// Compiles a network and times it.
  ///
  /// - Parameters:
  ///   - inputs: the shapes of the inputs, with a batch of one in front.
  ///   - seconds: how long to repeat the step.
  /// - Throws: `ReportError` where the network cannot be trained or planned; a source that does not compile gives a
  ///   report that says so.
  public init(
    _ request: NetworkRequest, inputs: [NetworkInput], mode: Mode, batch: Int, threads: Int, seconds: Double
  ) throws(ReportError) {
    (ok, self.mode, self.batch, self.threads) = (false, mode, batch, threads)
    let batches = inputs.map { NetworkInput($0.kind, [batch] + $0.shape.dropFirst()) }
    let mended: HealedNetwork
    do {
      mended = try request.compile(batches, isTraining: mode == .train)
    } catch {
      diagnostics = error.diagnostics
      return
    }
    let network = mended.network
    (self.network, healed, diagnostics) = (network.className, mended.fixes.map { "\($0)" }, network.notes)
    do {
      try measure(network, seconds)
    } catch {
      throw ReportError(error)
    }
    ok = true
  }

  private mutating func measure(_ network: CompiledNetwork, _ seconds: Double) throws {
    let isTraining = mode == .train
    let results = Mutex<[Result<Timing, TrainingError>]>([])
    // Threads of their own: a pool might run them one after the other.
    let group = DispatchGroup()
    for _ in 0..<threads {
      group.enter()
      Thread.detachNewThread {
        let result = Result { () throws(TrainingError) in
          try Timing(network, isTraining: isTraining, seconds: seconds)
        }
        results.withLock { $0.append(result) }
        group.leave()
      }
    }
    group.wait()
    let timings = try results.withLock { $0 }.map { try $0.get() }
    let times = timings.flatMap(\.milliseconds).sorted()
    guard let first = timings.first, let shortest = times.first else { return }
    let median = times[times.count / 2]
    repetitions = times.count
    (medianMilliseconds, minimumMilliseconds) = (median, shortest)
    imagesPerSecond = Double(batch * threads) * 1000 / median
    gflops = Double(threads) * 2 * Double(first.macs) * (isTraining ? 3 : 1) / median / 1e6
    networkBytes = first.byteCount
    instructionSet = first.instructionSet
    peakMemoryBytes = ExecutionEnvironment.peakMemoryByteCount
  }

  /// The figures in words.
  public var text: String {
    var lines = diagnostics.map(\.rendered) + healed.map { "healed: \($0)" }
    if let imagesPerSecond, let gflops, let medianMilliseconds, let minimumMilliseconds {
      lines.append(
        "\(network ?? ""): \(Figures.fixed(imagesPerSecond, 1)) images/s, \(Figures.fixed(gflops, 1)) GFLOP/s; "
          + "a step of \(batch) takes \(Figures.fixed(medianMilliseconds, 3)) ms (median of \(repetitions), "
          + "shortest \(Figures.fixed(minimumMilliseconds, 3)) ms)")
    }
    return lines.joined(separator: "\n")
  }
}

/// The steps of one thread.
private struct Timing {
  var milliseconds: [Double] = []
  let macs: Int
  let byteCount: Int
  let instructionSet: String

  init(_ network: CompiledNetwork, isTraining: Bool, seconds: Double) throws(TrainingError) {
    let timer = try StepTimer(network.graph, isTraining: isTraining)
    (macs, byteCount, instructionSet) = (timer.macs, timer.byteCount, timer.instructionSet)
    for _ in 0..<3 { try timer.step() }
    let clock = ContinuousClock()
    let begin = clock.now
    repeat {
      let start = clock.now
      try timer.step()
      milliseconds.append((clock.now - start) / .milliseconds(1))
    } while clock.now - begin < .seconds(seconds) || milliseconds.count < 3
  }
}
