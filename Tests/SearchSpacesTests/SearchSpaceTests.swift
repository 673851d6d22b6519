import SearchSpaces
import Testing

@Suite struct SearchSpaceTests {
  @Test func errorsReadAsTheirSentence() {
    #expect(
      "\(SearchSpaceError("The cell has 5 edges; it must have 6."))"
        == "The cell has 5 edges; it must have 6.")
  }
}
