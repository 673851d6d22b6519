import CKernels

#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#elseif canImport(Darwin)
  import Darwin
#endif

/// The processor features that kernels are compiled for; the order is the order of preference.
///
/// Results agree to rounding between sets, and are equal to the bit within one: record the set with a run.
public enum InstructionSet: String, Sendable, Hashable, Codable, CaseIterable, Comparable {
  /// What every processor of the architecture has.
  case portable
  /// AVX2 with fused multiply-add.
  case avx2
  /// AVX-512 as of Skylake-X.
  case avx512

  /// By preference.
  public static func < (left: InstructionSet, right: InstructionSet) -> Bool { left.code < right.code }

  /// Those that this processor can run, in order of preference; never empty.
  public static let supported: [InstructionSet] = allCases.filter { niche_kernels_for($0.code) != nil }

  /// The environment variable that chooses an instruction set by name in place of the best one.
  public static let environmentVariable = "NICHE_ISA"

  /// The set in use unless one is asked for: what `NICHE_ISA` names, else the best there is.
  ///
  /// The environment is read once.
  ///
  /// - Throws: `ExecutionError.instructionSet` where `NICHE_ISA` names none or one this processor lacks.
  public static func preferred() throws(ExecutionError) -> InstructionSet { try preference.get() }

  private static let preference: Result<InstructionSet, ExecutionError> = choice(
    named: getenv(environmentVariable).map { String(cString: $0) })

  static func choice(named name: String?) -> Result<InstructionSet, ExecutionError> {
    guard let name, !name.isEmpty else { return .success(supported.last ?? .portable) }
    let known = supported.map(\.rawValue).joined(separator: ", ")
    guard let set = InstructionSet(rawValue: name.lowercased()) else {
      return .failure(
        .instructionSet("\(environmentVariable) names no instruction set: \(name) (possible here: \(known))"))
    }
    guard supported.contains(set) else {
      return .failure(
        .instructionSet("this processor cannot run \(environmentVariable)=\(set) (possible here: \(known))"))
    }
    return .success(set)
  }

  private var code: Int32 {
    switch self {
    case .portable: Int32(NICHE_PORTABLE.rawValue)
    case .avx2: Int32(NICHE_AVX2.rawValue)
    case .avx512: Int32(NICHE_AVX512.rawValue)
    }
  }

  /// The kernels compiled for this set.
  ///
  /// - Throws: `ExecutionError.instructionSet` where the processor lacks it.
  func kernels() throws(ExecutionError) -> Kernels {
    guard let table = niche_kernels_for(code) else {
      throw .instructionSet("this processor cannot run \(rawValue) kernels")
    }
    return table
  }
}

/// A table of kernels for one instruction set; static and immutable.
typealias Kernels = UnsafePointer<niche_kernels>
