import Foundation
import LanguageModels
import QualityDiversity
import RunStore
import Search
import Testing

@Suite("A search kept in the run's file")
struct StoredSearchTests {
  @Test("Killed at any write and resumed by a new process, the run ends as if undisturbed")
  func resume() async throws {
    let search = try SmallSearch()
    let folder = Sample.folder()
    defer { try? FileManager.default.removeItem(atPath: folder) }
    func comparable(_ records: [CandidateRecord]) -> [CandidateRecord] {
      records.map { record in
        var record = record
        record.evaluation?.seconds = 0
        return record
      }
    }
    let complete = try RunStore.create(in: folder + "/complete", header: Sample.header(search.configuration))
    let trained = try await search.run(complete)
    let expected = try await complete.generations()
    let candidates = comparable(try await complete.candidates())
    #expect(candidates.count == 13 && expected.count == 3 && !trained.isEmpty)
    #expect(expected[2].statistics.elites > 0)
    for cell in expected[2].networks {
      #expect(try await complete.weights(of: cell.candidate)?.isEmpty == false)
    }

    for survived in 0..<16 {
      let place = folder + "/\(survived)"
      let broken = try RunStore.create(in: place, header: Sample.header(search.configuration))
      await #expect(throws: SearchError("broken")) {
        _ = try await search.run(BreakingLog(broken, after: survived))
      }
      let reopened = try RunStore.open(place)
      let stored = Set(try await reopened.candidates().map(\.id))
      let again = try await search.run(reopened)
      #expect(again.isDisjoint(with: stored), "nothing stored is trained again")
      #expect(try await reopened.generations() == expected, "after \(survived) writes")
      #expect(comparable(try await reopened.candidates()) == candidates, "after \(survived) writes")
      for cell in expected[2].networks {
        #expect(try await reopened.weights(of: cell.candidate) == complete.weights(of: cell.candidate))
      }
    }
  }
}
