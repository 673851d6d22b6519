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
    var usage = rusage()
    // 0 is RUSAGE_SELF, an enumeration on some systems and a number on others.
    getrusage(0, &usage)
    #if canImport(Darwin)
      return usage.ru_maxrss
    #else
      return usage.ru_maxrss * 1024
    #endif
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
