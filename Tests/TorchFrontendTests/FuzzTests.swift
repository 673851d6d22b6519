import Foundation
import Testing
import TorchFrontend

/// A short round of what `scripts/fuzz` does for hours.
@Suite struct FuzzTests {
  private static let programs = FuzzPrograms(
    seeds: Fixture.networks.map { FuzzSeed(source: $0.source, inputShape: $0.inputShape) })

  @Test func aProgramIsTheSameEachTime() {
    let numbers = 0..<40
    let sources = numbers.map { Self.programs.program(seed: 3, number: $0).source }
    #expect(numbers.map { Self.programs.program(seed: 3, number: $0).source } == sources)
    #expect(Set(sources).count == sources.count)
    #expect(numbers.map { Self.programs.program(seed: 4, number: $0).source } != sources)
  }

  /// `NICHE_FUZZ` sets how many programs are tried, `NICHE_FUZZ_SEED` which.
  @Test func programsCompileOrExplainThemselves() {
    let environment = ProcessInfo.processInfo.environment
    let count = environment["NICHE_FUZZ"].flatMap { Int($0) } ?? 200
    let seed = environment["NICHE_FUZZ_SEED"].flatMap { UInt64($0) } ?? 7
    let limits = CompilationLimits(
      steps: 100_000, totalCollectionSize: 1_000_000, nodes: 5_000, parameters: 100_000_000)
    var (compiled, parsed) = (0, 0)
    for number in 0..<count {
      let program = Self.programs.program(seed: seed, number: number)
      let outcome = FuzzCheck.run(program, limits: limits)
      compiled += outcome.isCompiled ? 1 : 0
      parsed += outcome.isParsed ? 1 : 0
      #expect(outcome.violations.isEmpty, "program \(number) of seed \(seed)\n\(program.source)")
    }
    // Enough gets as far as the interpreter and the writer, and enough does not.
    #expect(parsed > count / 3 && parsed < count)
    #expect(compiled > count / 20 && compiled < count / 2)
  }
}
