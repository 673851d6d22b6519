import Foundation
import Testing

@testable import Scoring
@testable import Training

@Suite struct BenchmarkImportTests {
  private struct Sentence: Error, CustomStringConvertible { var description: String }

  /// Four architectures, called by number, or `a` to `d`.
  private let plan = BenchmarkImport(
    space: "toy", rowCount: 4, columns: BenchmarkColumn.nasBench201,
    keys: [
      .init(name: "index") { text in
        guard let index = Int(text) else { throw Sentence(description: "'\(text)' is no number") }
        return index
      },
      .init(name: "letter") { text in
        guard let index = ["a", "b", "c", "d"].firstIndex(of: text) else {
          throw Sentence(description: "there is no '\(text)'")
        }
        return index
      },
    ])

  @Test func columnsMayComeInAnyOrder() throws {
    let folder = try TableFolder()
    let path = try folder.write(
      "\u{FEFF}c10_test12, note ,letter,c10_val12,index\r\n"
        + "70.5,\"a \"\"quoted\"\", note\",b,60.25,1\r\n\r\n"
        + " 50 ,\"two\nlines\", d,nan,3\r\n"
        + ",,a,10,0", as: "toy.csv")
    let result = try plan.table(readingCSV: path)
    #expect(result.ignoredColumns == ["note"])
    #expect(result.missingRows == 1)
    #expect(result.table.provenance.source == "toy.csv")
    #expect(result.table.provenance.rows == 3)
    #expect(result.table.columns.map(\.name) == ["c10_val12", "c10_test12"])
    let validation = try result.table.values(of: result.table.column(named: "c10_val12"))
    #expect(validation[0] == 10 && validation[1] == 60.25 && validation[2].isNaN && validation[3].isNaN)
    let test = try result.table.values(of: result.table.column(named: "c10_test12"))
    #expect(test[0].isNaN && test[1] == 70.5 && test[2].isNaN && test[3] == 50)
  }

  @Test(arguments: [
    ("", "line 1: the file is empty"),
    ("\n\n", "line 1: the file is empty"),
    ("index,c10_val12\n", "line 1: there is no row behind"),
    ("c10_val12\n5\n", "no column says which architecture a row is; it is called index or letter"),
    ("index,accuracy\n0,5\n", "no column is one of a table's, such as c10_val200_nats or"),
    ("index,c10_val12,index\n0,5,0\n", "line 1: there are two columns 'index'"),
    ("index,c10_val12\n0,5\n0,6\n", "line 3: the same architecture is on line 2"),
    ("index,c10_val12\n4,5\n", "line 2: column index: there is no architecture 4; there are 4"),
    ("index,c10_val12\n-1,5\n", "there is no architecture -1"),
    ("index,c10_val12\nx,5\n", "line 2: column index: 'x' is no number"),
    ("letter,c10_val12\ne,5\n", "line 2: column letter: there is no 'e'"),
    ("index,letter,c10_val12\n0,b,5\n", "column index means architecture 0, and column letter 1"),
    ("index,c10_val12\n\n0,5\n1,five\n", "line 4: column c10_val12: 'five' is no number"),
    ("index,c10_val12\n0,101\n", "line 2: column c10_val12: 101 is not between 0.0 and 100.0 %"),
    ("index,c10_latency_s\n0,-1\n", "column c10_latency_s: -1 is not between 0.0 and 1000000000.0 s"),
    ("index,c10_val12\n0,inf\n", "inf is not between"),
    ("index,c10_val12\n0\n", "line 2: the line ends before column c10_val12"),
    ("c10_val12,index\n0\n", "line 2: the line ends before column index"),
    ("index,c10_val12\n0,\"5\n", "line 2: a quoted field has no last quote"),
    ("index,c10_val12\n0,\"5\"5\n", "line 2: a quoted field goes on behind its last quote"),
  ])
  func mistakesAreNamedWithLineAndColumn(text: String, says: String) throws {
    let folder = try TableFolder()
    let path = try folder.write(text, as: "toy.csv")
    let error = #expect(throws: BenchmarkError.self) { try plan.table(readingCSV: path) }
    #expect(error?.description.contains(says) == true, "\(String(describing: error))")
  }

  @Test func filesThatAreNotThereAreNamed() throws {
    let error = #expect(throws: BenchmarkError.self) { try plan.table(readingCSV: "/nowhere.csv") }
    #expect(error?.description == "/nowhere.csv: No such file or directory.")
  }

  /// The benchmark's own file, where it is there: every value of every column.
  @Test func theBenchmarksFileIsTakenOverWhole() throws {
    let named = (ProcessInfo.processInfo.environment["NICHE_DATA"] ?? "").split(separator: ":").map(
      String.init)
    let project = URL(fileURLWithPath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
      .deletingLastPathComponent().path
    let places = named + ["\(project)/.cache/data", "\(project)/../shared/data"]
    guard
      let path = places.map({ $0 + "/nas-bench-201.csv.gz" }).first(where: {
        FileManager.default.fileExists(atPath: $0)
      })
    else {
      print("notice: nas-bench-201.csv.gz is not here; its import is not tested")
      return
    }
    let plan = BenchmarkImport(
      space: "nas-bench-201", rowCount: 15_625, columns: BenchmarkColumn.nasBench201,
      keys: [.init(name: "index") { Int($0) ?? -1 }])
    let result = try plan.table(readingCSV: path)
    #expect(result.missingRows == 0)
    #expect(result.table.columns.count == 24)
    let folder = try TableFolder()
    try result.table.write(to: folder.path + "/nas-bench-201.table")
    let table = try BenchmarkCatalog(places: [folder.path]).table(of: "nas-bench-201", rowCount: 15_625)
    #expect(table.byteCount < 1_000_000)
    // Every 25th cell is read a second time with nothing of the importer.
    let lines = String(decoding: try CompressedFile(path: path).read(upTo: 64 << 20), as: UTF8.self)
      .split(separator: "\n")
    let names = lines[0].split(separator: ",").map(String.init)
    let rows = stride(from: 0, to: 15_625, by: 25).map { row in
      let line = lines[row + 1].replacing(/"[^"]*"/, with: "quoted")
      return (row, line.split(separator: ",", omittingEmptySubsequences: false))
    }
    for column in table.columns {
      let place = try #require(names.firstIndex(of: column.name))
      let values = try table.values(of: column)
      var worst = 0.0
      for (row, fields) in rows {
        let wanted = try #require(Double(fields[place]))
        worst = max(worst, abs(values[row] - wanted) / max(100, wanted))
      }
      #expect(worst < 6e-8, "\(column.name)")
    }
    // The optima that papers give: validation-best and test-best.
    for (task, validation, test) in [
      ("cifar-10", 91.61, 94.37), ("cifar-100", 73.49, 73.51), ("imagenet16-120", 46.73, 47.31),
    ] {
      let best = try [BenchmarkColumn.Quantity.validationAccuracy, .testAccuracy].map { quantity in
        try table.values(of: table.column(task: task, quantity, epochs: 200)).max() ?? 0
      }
      #expect(abs(best[0] - validation) < 0.0051 && abs(best[1] - test) < 0.0051, "\(task): \(best)")
    }
  }

  @Test func scoresMayHaveAnyNames() throws {
    let folder = try TableFolder()
    let path = try folder.write("zen,letter, syn flow\n1e300,c,\n-2.5,a,nan\n", as: "scores.csv")
    let table = try ProxyTable(readingCSV: path, rowCount: 4, keys: letters)
    #expect(table.columns.map(\.name) == ["zen", "syn flow"])
    let scores = table.columns[0].scores
    #expect(scores[0] == -2.5 && scores[1].isNaN && scores[2] == 1e300 && scores[3].isNaN)
    #expect(table.columns[1].scores.allSatisfy { $0.isNaN })
    for (text, words) in [
      ("letter\na\n", "line 1: there is no column of scores"), ("zen\n1\n", "says which architecture"),
      ("letter,zen\na,b\n", "line 2: column zen: 'b' is no number"),
      ("letter,zen\na,1\na,2\n", "line 3: the same architecture is on line 2"),
    ] {
      let path = try folder.write(text, as: "wrong.csv")
      let error = #expect(throws: BenchmarkError.self) {
        try ProxyTable(readingCSV: path, rowCount: 4, keys: letters)
      }
      let said = error.map { "\($0)" } ?? ""
      #expect(said.contains(words), "\(said)")
    }
  }

  private let letters = [
    BenchmarkImport.Key(name: "letter") { text in
      guard let index = ["a", "b", "c", "d"].firstIndex(of: text) else {
        throw Sentence(description: "there is no '\(text)'")
      }
      return index
    }
  ]
}
