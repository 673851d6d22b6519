import CKernels
import COpenBLAS

#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#elseif canImport(Darwin)
  import Darwin
#endif

/// What decides speed and the last bits of results on a machine, for reports and run fingerprints.
public struct MachineDescription: Sendable, Hashable, Codable {
  /// Processors that are online.
  public var coreCount: Int
  /// The instruction sets that kernels can use here.
  public var supportedInstructionSets: [InstructionSet]
  /// The instruction set in use; nil where `NICHE_ISA` asks for one that is not there.
  public var instructionSet: InstructionSet?
  /// Why there is no instruction set, in one sentence.
  public var instructionSetProblem: String?
  /// OpenBLAS's own account of its version and build, such as `OpenBLAS 0.3.21 DYNAMIC_ARCH …`.
  public var blasConfiguration: String
  /// The processor that OpenBLAS chose its kernels for, such as `SkylakeX`.
  public var blasCore: String
  /// The threads of one OpenBLAS call, which is 1: candidates run side by side instead.
  public var blasThreadCount: Int
}

/// The machine this process runs on.
public enum ExecutionEnvironment {
  /// What there is and what is in use, found out once.
  public static let current: MachineDescription = {
    BLAS.prepare()
    let (set, problem) = instructionSet()
    return MachineDescription(
      coreCount: max(1, Int(sysconf(Int32(_SC_NPROCESSORS_ONLN)))),
      supportedInstructionSets: InstructionSet.supported, instructionSet: set, instructionSetProblem: problem,
      blasConfiguration: text(openblas_get_config()), blasCore: text(openblas_get_corename()),
      blasThreadCount: Int(openblas_get_num_threads()))
  }()

  /// The most memory that the process has held so far.
  public static var peakMemoryByteCount: Int {
    // On Linux `getrusage` counts what the parent held when it started this process, too.
    if let kilobytes = residentPeakKilobytes { return kilobytes * 1024 }
    var usage = rusage()
    // 0 is RUSAGE_SELF, an enumeration on some systems and a number on others.
    getrusage(0, &usage)
    #if canImport(Darwin)
      return usage.ru_maxrss
    #else
      return usage.ru_maxrss * 1024
    #endif
  }

  /// The processor time of the calling thread, in seconds.
  public static var threadProcessorSeconds: Double { Double(processorTime()) * 1e-9 }

  /// The most floating-point operations a second that one core does with those kernels' registers, two for each fused
  /// multiply-add: the fastest of short bursts, by the thread's processor time.
  ///
  /// - Parameters:
  ///   - set: the instruction set, by default the preferred one.
  ///   - seconds: how long to repeat the bursts.
  /// - Throws: `ExecutionError.instructionSet` where the processor lacks it.
  public static func multiplyAddRate(
    of set: InstructionSet? = nil, seconds: Double = 0.02
  ) throws(ExecutionError) -> Double {
    let set = if let set { set } else { try InstructionSet.preferred() }
    let kernels = try set.kernels()
    let begin = processorTime()
    var best = 0.0
    repeat {
      let start = processorTime()
      let operations = multiplyAdds(rounds: 20_000, kernels).operations
      best = max(best, Double(operations) / Double(max(1, processorTime() - start)) * 1e9)
    } while Double(processorTime() - begin) < seconds * 1e9
    return best
  }

  /// Rounds of x ← x/2 + 1 in twelve chains that begin with 0 … 11: their sum, and the operations that were done.
  static func multiplyAdds(rounds: Int, _ kernels: Kernels) -> (sum: Float, operations: Int) {
    var operations = 0
    let sum = kernels.pointee.multiply_add(rounds, 0.5, 1, &operations)
    return (sum, operations)
  }

  /// What `/proc/self/status` calls VmHWM; nil where there is no such file.
  private static var residentPeakKilobytes: Int? {
    guard let file = fopen("/proc/self/status", "r") else { return nil }
    defer { fclose(file) }
    return withUnsafeTemporaryAllocation(of: CChar.self, capacity: 256) { line in
      guard let text = line.baseAddress else { return nil }
      let key = "VmHWM:"
      while fgets(text, Int32(line.count), file) != nil {
        if strncmp(text, key, key.utf8.count) == 0 { return strtol(text + key.utf8.count, nil, 10) }
      }
      return nil
    }
  }

  private static func instructionSet() -> (set: InstructionSet?, problem: String?) {
    do {
      return (try InstructionSet.preferred(), nil)
    } catch {
      return (nil, error.description)
    }
  }

  private static func text(_ characters: UnsafeMutablePointer<CChar>?) -> String {
    guard let characters else { return "" }
    var text = String(cString: characters)
    while text.last == " " { text.removeLast() }
    return text
  }
}
