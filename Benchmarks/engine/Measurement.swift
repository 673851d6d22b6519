import Execution
import Foundation
import NetworkGraph
import RandomStreams
import TorchFrontend

/// A network made ready to be timed.
final class Measurement {
  private let executor: Executor
  private let optimizer: OptimizerKernels
  private let gradients: [(output: Int, range: Range<Int>)]
  private let momentum: UnsafeMutableBufferPointer<Float>
  private let macs: Int
  private let batch: Int
  private let isTraining: Bool
  private var runs = 0

  /// Compiles and plans; inputs are random numbers and labels.
  init(_ arguments: Arguments) throws {
    let source = try String(contentsOfFile: arguments.file, encoding: .utf8)
    batch = arguments.batch
    isTraining = arguments.mode == .train
    let network = try NetworkCompiler.compile(
      source,
      options: CompilationOptions(
        inputShape: [arguments.batch] + arguments.input, classCount: 10, isTraining: isTraining))
    macs = network.graph.costs.macs
    var graph = network.graph
    var names: [(String, Int)] = []
    if isTraining {
      let withLoss = try graph.addingCrossEntropy()
      let differentiated = try withLoss.differentiated(loss: withLoss.outputs[0])
      graph = differentiated.graph
      names = differentiated.gradients.map { ($0.parameter, $0.output) }
    }
    let variables = try VariableStore(graph: graph, stream: RandomStream(seed: 1))
    let set = arguments.instructionSet.flatMap { InstructionSet(rawValue: $0) }
    executor = try Executor(graph: graph, variables: variables, instructionSet: set)
    optimizer = try OptimizerKernels(instructionSet: executor.instructionSet)
    gradients = names.compactMap { name, output in variables.range(of: name).map { (output, $0) } }
    momentum = .allocate(capacity: variables.flatParameters.count)
    momentum.initialize(repeating: 0)
    var stream = RandomStream(seed: 2)
    for input in network.graph.inputs {
      executor.withInput(input.name) { values in
        for index in values.indices { values[index] = Float(stream.normal()) }
      }
    }
    if isTraining {
      executor.withIntegerInput("labels") { labels in
        for index in labels.indices { labels[index] = Int32(stream.integer(below: 10)) }
      }
    }
  }

  deinit { momentum.deallocate() }

  /// One training step with SGD and momentum, or one forward pass; the seconds it took, and those of the processor.
  func step() throws -> (wall: Double, processor: Double) {
    let start = ContinuousClock.now
    let processor = Self.processorTime
    try executor.run(dropout: RandomStream(seed: UInt64(runs)))
    update()
    runs += 1
    return (Self.seconds(since: start), Self.processorTime - processor)
  }

  private func update() {
    for (output, range) in gradients {
      executor.withOutput(output) { gradient in
        guard let from = gradient.baseAddress, let buffer = momentum.baseAddress,
          let parameters = executor.variables.flatParameters.baseAddress
        else { return }
        optimizer.sgd(
          parameters + range.lowerBound, gradients: from, momentumBuffer: buffer + range.lowerBound,
          count: range.count, learningRate: 1e-4, momentum: 0.9, weightDecay: 5e-4)
      }
    }
  }

  /// How long each kind of operation takes in a run, the longest first.
  func operationTimes(repetitions: Int) throws -> [(name: String, seconds: Double, count: Int)] {
    var totals: [String: (seconds: Double, count: Int)] = [:]
    for _ in 0..<repetitions {
      for step in try executor.timedRun(dropout: RandomStream(seed: 0)) {
        let old = totals[step.operation] ?? (0, 0)
        totals[step.operation] = (old.seconds + step.seconds, old.count + 1)
      }
    }
    return totals.map { ($0.key, $0.value.seconds / Double(repetitions), $0.value.count / repetitions) }
      .sorted { ($1.seconds, $0.name) < ($0.seconds, $1.name) }
  }

  /// What a series of step times says, as JSON's keys.
  func report(_ times: [(wall: Double, processor: Double)]) -> [String: Any] {
    let sorted = times.map(\.wall).sorted()
    let processor = times.map(\.processor).sorted()
    let median = sorted[sorted.count / 2]
    // A training step is counted as three forward passes.
    let flops = 2 * Double(macs) * (isTraining ? 3 : 1)
    return [
      "images_per_second": Double(batch) / median, "gflops": flops / median / 1e9,
      "median_ms": median * 1000, "min_ms": sorted[0] * 1000, "repetitions": times.count,
      "median_processor_ms": processor[processor.count / 2] * 1000,
      "arena_bytes": executor.arenaByteCount, "peak_memory_bytes": Self.peakMemory,
      "instruction_set": executor.instructionSet.rawValue,
    ]
  }

  private static func seconds(since start: ContinuousClock.Instant) -> Double {
    let duration = ContinuousClock.now - start
    return Double(duration.components.seconds) + Double(duration.components.attoseconds) * 1e-18
  }

  private static var processorTime: Double {
    var time = timespec()
    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &time)
    return Double(time.tv_sec) + Double(time.tv_nsec) * 1e-9
  }

  private static var peakMemory: Int {
    var usage = rusage()
    // 0 is RUSAGE_SELF, an enumeration here and a number there.
    getrusage(0, &usage)
    #if canImport(Darwin)
      return Int(usage.ru_maxrss)
    #else
      return Int(usage.ru_maxrss) * 1024
    #endif
  }
}
