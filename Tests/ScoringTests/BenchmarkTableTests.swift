import Foundation
import Testing

@testable import Scoring
@testable import Training

/// A folder that is removed with its value.
final class TableFolder {
  let path = FileManager.default.temporaryDirectory.appendingPathComponent("tables-\(UUID().uuidString)").path

  init() throws { try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: true) }

  deinit { try? FileManager.default.removeItem(atPath: path) }

  func write(_ text: String, as name: String) throws -> String {
    try Data(text.utf8).write(to: URL(fileURLWithPath: path + "/" + name))
    return path + "/" + name
  }
}

@Suite struct BenchmarkTableTests {
  private static let columns = [
    BenchmarkColumn(
      name: "val", task: "cifar-10", quantity: .validationAccuracy, epochs: 200, family: "nats-bench"),
    BenchmarkColumn(
      name: "val_old", task: "cifar-10", quantity: .validationAccuracy, epochs: 200, family: "nas-bench-201"),
    BenchmarkColumn(
      name: "seconds", task: "cifar-10", quantity: .trainingTime, epochs: 200, family: "nats-bench"),
    BenchmarkColumn(
      name: "latency", task: "cifar-100", quantity: .latency, epochs: nil, family: "nats-bench"),
  ]

  private func table() -> BenchmarkTable {
    BenchmarkTable(
      space: "toy",
      columns: [
        // Means of three and of two trainings on 10,000 images.
        (Self.columns[0], [70 + 1.0 / 300, 93.665, .nan, 9.71]),
        (Self.columns[1], [.nan, .nan, .nan, .nan]),
        (Self.columns[2], [1444.2185997962952, 13165.383867, 0.1, .nan]),
        (Self.columns[3], [0.013936, 0.0, 0.02, 0.017476]),
      ], rows: 4, provenance: .init(source: "toy.csv", hash: "0123456789abcdef", rows: 3))
  }

  @Test func valuesComeBackFromTheFile() throws {
    let folder = try TableFolder()
    let path = folder.path + "/toy.table"
    let written = table()
    try written.write(to: path)
    let read = try BenchmarkTable(path: path)
    #expect(read.columns == Self.columns)
    #expect(read.rowCount == 4)
    #expect(read.provenance == written.provenance)
    #expect(read.byteCount == written.byteCount)
    let expected: [[Double]] = [
      [70.003333, 93.665, .nan, 9.71], [.nan, .nan, .nan, .nan], [1444.2186, 13165.383867, 0.1, .nan],
      [0.013936, 0, 0.02, 0.017476],
    ]
    for (index, column) in read.columns.enumerated() {
      let values = try read.values(of: column)
      for (row, value) in values.enumerated() {
        let other = read.value(column: index, row: row)
        #expect(value == other || value.isNaN && other.isNaN)
        let wanted = expected[index][row]
        #expect(value.isNaN == wanted.isNaN)
        // Steps are exact to the last place of a CSV file, float32 to 24 bits.
        if !wanted.isNaN { #expect(abs(value - wanted) <= (index == 2 ? 1e-7 * wanted : 1e-6)) }
      }
    }
    #expect(read.header.columns[0].encoding.width == 2)
    #expect(read.header.columns[2].encoding == .float)
    #expect(read.header.columns[3].encoding.width == 2)
  }

  @Test func columnsAreChosenByWhatTheyHold() throws {
    let table = table()
    #expect(try table.column(named: "latency") == Self.columns[3])
    #expect(try table.column(task: "cifar-10", .validationAccuracy) == Self.columns[0])
    #expect(
      try table.column(task: "cifar-10", .validationAccuracy, epochs: 200, family: "nas-bench-201")
        == Self.columns[1])
    let error = #expect(throws: BenchmarkError.self) {
      try table.column(task: "cifar-10", .validationAccuracy, epochs: 12)
    }
    #expect(
      error?.description
        == "The table has no column with task cifar-10, validation_accuracy, 12 epochs; it has val, val_old, seconds, latency."
    )
    #expect(throws: BenchmarkError.self) { try table.column(named: "other") }
    var other = Self.columns[0]
    other.family = "made up"
    #expect(throws: BenchmarkError.self) { try table.values(of: other) }
  }

  /// No byte can be changed and no end cut off without the table being refused.
  @Test func damagedFilesAreRefused() throws {
    let folder = try TableFolder()
    let path = folder.path + "/toy.table"
    try table().write(to: path)
    let bytes = try Data(contentsOf: URL(fileURLWithPath: path))
    for place in bytes.indices where place < 40 || place.isMultiple(of: 11) {
      var changed = bytes
      changed[place] ^= 0x41
      try changed.write(to: URL(fileURLWithPath: path))
      #expect(throws: BenchmarkError.self, "byte \(place)") { try BenchmarkTable(path: path) }
    }
    for length in 0..<bytes.count where length < 40 || length.isMultiple(of: 17) {
      try bytes.prefix(length).write(to: URL(fileURLWithPath: path))
      #expect(throws: BenchmarkError.self, "\(length) bytes") { try BenchmarkTable(path: path) }
    }
    try Data("index,arch\n0,x\n".utf8).write(to: URL(fileURLWithPath: path))
    let error = #expect(throws: BenchmarkError.self) { try BenchmarkTable(path: path) }
    #expect(
      error?.description == "\(path) is damaged or no benchmark table: it does not begin as one.")
  }

  @Test func headersThatLieAreRefused() throws {
    let folder = try TableFolder()
    let path = folder.path + "/toy.table"
    // A header with a right checksum, whose columns would lie anywhere.
    for (rows, position) in [(4, 1_000), (4, -1), (-1, 0), (Int.max, 0), (1 << 30, 0), (4, Int.max)] {
      var header = table().header
      header.rows = rows
      header.columns[0].position = position
      let made = BenchmarkTable.file(header, [UInt8](repeating: 0, count: 100))
      try made.write(to: URL(fileURLWithPath: path))
      #expect(throws: BenchmarkError.self, "\(rows) rows, \(position)") { try BenchmarkTable(path: path) }
    }
  }

  @Test func missingTablesSayHowToGetThem() throws {
    let folder = try TableFolder()
    let catalog = BenchmarkCatalog(places: [folder.path, "/nowhere"])
    let error = #expect(throws: BenchmarkError.self) { try catalog.table(of: "toy", rowCount: 4) }
    #expect(
      error?.description
        == "The table of toy was not found in \(folder.path), /nowhere: scripts/toy writes it as CSV, and "
        + "'niche data import FILE.csv' makes the table of it (docs/toy.md).")
    try table().write(to: folder.path + "/toy.table")
    #expect(try catalog.table(of: "toy", rowCount: 4).rowCount == 4)
    #expect(throws: BenchmarkError.self) { try catalog.table(of: "toy", rowCount: 5) }
    try table().write(to: folder.path + "/other.table")
    #expect(throws: BenchmarkError.self) { try catalog.table(of: "other", rowCount: 4) }
    #expect(
      BenchmarkCatalog.standard(path: "/here", environment: ["NICHE_DATA": "/a:/b"]).places.prefix(3)
        == ["/here", "/a", "/b"])
    #expect(throws: BenchmarkError.self) { try table().write(to: "/nowhere/at/all.table") }
  }
}
