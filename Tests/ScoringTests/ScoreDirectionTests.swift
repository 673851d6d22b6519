import Scoring
import Testing

@Suite struct ScoreDirectionTests {
  @Test func whatIsBetterDependsOnTheDirection() {
    #expect(ScoreDirection.higherIsBetter.prefers(2, to: 1))
    #expect(!ScoreDirection.higherIsBetter.prefers(1, to: 1))
    #expect(ScoreDirection.lowerIsBetter.prefers(-1, to: 1))
    #expect(!ScoreDirection.lowerIsBetter.prefers(2, to: 1))
  }

  @Test(arguments: ScoreDirection.allCases) func aScoreThatFailedLosesToAnyOther(direction: ScoreDirection) {
    #expect(direction.prefers(0, to: .nan))
    #expect(!direction.prefers(.nan, to: 0))
    #expect(!direction.prefers(.nan, to: .nan))
  }
}
