import Foundation
import GRDB
import Testing

@testable import RunStore

@Suite("What docs/run-file.md says of the file")
final class DocumentedQueryTests {
  private let folder = Sample.folder()

  deinit { try? FileManager.default.removeItem(atPath: folder) }

  private static func page() throws -> String {
    let root = URL(fileURLWithPath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
      .deletingLastPathComponent()
    return try String(contentsOf: root.appendingPathComponent("docs/run-file.md"), encoding: .utf8)
  }

  /// A run with two candidates, of which one is an elite with two epochs, and an exchange.
  private func queue() async throws -> DatabaseQueue {
    let store = try RunStore.create(in: folder, header: Sample.header())
    try await store.record([Sample.candidate(1, fitness: nil), Sample.candidate(2)])
    try await store.record(Sample.exchange(1), candidate: 2)
    try await store.commit(Sample.generation(1, elites: [2]))
    return try DatabaseQueue(path: folder + "/" + RunStore.fileName)
  }

  @Test("Its queries run and give rows")
  func queries() async throws {
    let page = try Self.page()
    var queries: [String] = []
    for block in page.components(separatedBy: "```").enumerated() where block.offset % 2 == 1 {
      let text = block.element
      if text.hasPrefix("sql\n") {
        queries.append(String(text.dropFirst(4)))
      } else {
        // In Python they are texts between double quotation marks.
        queries += text.replacingOccurrences(of: "\"\"\"", with: "\"").components(separatedBy: "\"")
          .filter { $0.trimmingCharacters(in: .whitespacesAndNewlines).hasPrefix("SELECT") }
      }
    }
    #expect(queries.count == 5)
    let queue = try await queue()
    for query in queries {
      let count = try await queue.read { try Row.fetchAll($0, sql: query).count }
      #expect(count > 0, "\(query)")
    }
  }

  @Test("Its tables and columns are those of the file")
  func schema() async throws {
    let page = try Self.page()
    let queue = try await queue()
    let tables = try await queue.read {
      try String.fetchAll(
        $0, sql: "SELECT name FROM sqlite_schema WHERE type IN ('table', 'view') AND name NOT LIKE 'sqlite%'")
    }
    for table in tables {
      #expect(page.contains("`\(table)`"), "\(table)")
      let columns = try await queue.read {
        try String.fetchAll($0, sql: "SELECT name FROM pragma_table_xinfo(?)", arguments: [table])
      }
      for column in columns
      where !column.hasPrefix("measure_") && !["singleton", "name", "began"].contains(column) {
        #expect(page.contains("`\(column)`"), "\(table).\(column)")
      }
    }
  }
}
