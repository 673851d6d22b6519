import ArgumentParser
import Foundation
import Reports
import Scoring
import SearchSpaces
import Training

/// `niche data`: data sets and benchmark tables.
struct DataCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "data",
    abstract: "List data sets and benchmark tables, or make a table of a CSV file.",
    subcommands: [DataListCommand.self, DataImportCommand.self], defaultSubcommand: DataListCommand.self)
}

/// `niche data list`: what is there and where.
struct DataListCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "list", abstract: "List data sets and benchmark tables: where they are, or how to get them.")

  @OptionGroup var common: CommonOptions

  private struct Entry: Encodable {
    var name: String
    var kind: String
    var path: String?
    var remedy: String?
    var problem: String?
    var rows: Int?
    var bytes: Int?
    var columns: [BenchmarkColumn]?
    var provenance: BenchmarkTable.Provenance?
  }

  func run() async throws {
    try await explained {
      let entries = dataSets() + [table()]
      if common.json { return try common.print(entries) }
      print(entries.map(text).joined(separator: "\n"))
    }
  }

  private func dataSets() -> [Entry] {
    let catalog = DatasetCatalog.standard()
    return DatasetName.allCases.map { name in
      let path = catalog.location(of: name)
      return Entry(
        name: name.rawValue, kind: "images", path: path, remedy: path == nil ? name.remedy : nil)
    }
  }

  private func table() -> Entry {
    let space = NASBench201Space()
    let catalog = BenchmarkCatalog.standard()
    var entry = Entry(name: space.name, kind: "table", path: catalog.location(of: space.name))
    do {
      let table = try catalog.table(of: space.name, rowCount: NASBench201Cell.count)
      (entry.rows, entry.bytes) = (table.rowCount, table.byteCount)
      (entry.columns, entry.provenance) = (table.columns, table.provenance)
    } catch {
      if case .missing(_, _, let remedy) = error { entry.remedy = remedy } else { entry.problem = "\(error)" }
    }
    return entry
  }

  private func text(_ entry: Entry) -> String {
    if let problem = entry.problem { return "--  \(entry.name): \(problem)" }
    guard let path = entry.path else {
      return "--  \(entry.name): not found; to get it: \(entry.remedy ?? "")"
    }
    var text = "ok  \(entry.name): \(path)"
    if let rows = entry.rows, let bytes = entry.bytes, let provenance = entry.provenance {
      text += "\n      \(rows) architectures, \(bytes / 1000) kB, from \(provenance.source)"
      text += " (hash \(provenance.hash), \(provenance.rows) rows)"
      text += "\n      " + (entry.columns ?? []).map(\.name).joined(separator: " ")
    }
    return text
  }
}

/// `niche data import`: a benchmark table made of a CSV file.
struct DataImportCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "import",
    abstract: "Make a table of NAS-Bench-201 of a CSV file, compressed with gzip or not.",
    discussion: """
      The file's columns are those of docs/nas-bench-201.md; scripts/nas-bench-201 writes such a file from the \
      benchmark's own. The table goes into .cache/data, where commands look for it; so they do in the folders that \
      NICHE_DATA names.
      """)

  @Argument(help: "The CSV file.")
  var file: String

  @Option(help: "The folder for the table.")
  var output = BenchmarkCatalog.ownPlace

  @OptionGroup var common: CommonOptions

  private struct Report: Encodable {
    var path: String
    var rows: Int
    var missingRows: Int
    var bytes: Int
    var columns: [String]
    var ignoredColumns: [String]
    var hash: String
  }

  func run() async throws {
    try await explained {
      let space = NASBench201Space()
      let result = try BenchmarkImport.nasBench201.table(readingCSV: file)
      do {
        try FileManager.default.createDirectory(atPath: output, withIntermediateDirectories: true)
      } catch {
        throw Failure("The folder '\(output)' cannot be made; is there a file of that name, or no right to?")
      }
      let path = "\(output)/\(BenchmarkCatalog.fileName(of: space.name))"
      try result.table.write(to: path)
      let table = result.table
      let report = Report(
        path: path, rows: table.provenance.rows, missingRows: result.missingRows, bytes: table.byteCount,
        columns: table.columns.map(\.name), ignoredColumns: result.ignoredColumns,
        hash: table.provenance.hash)
      if common.json { return try common.print(report) }
      print("\(path): \(report.rows) cells, \(report.columns.count) columns, \(report.bytes / 1000) kB")
      print("columns: \(report.columns.joined(separator: " "))")
      if result.missingRows > 0 {
        print("\(result.missingRows) cells have no row; their figures are missing.")
      }
      if !result.ignoredColumns.isEmpty {
        print("left out: \(result.ignoredColumns.joined(separator: " "))")
      }
    }
  }
}

extension BenchmarkImport {
  /// The import of NAS-Bench-201.
  static let nasBench201 = BenchmarkImport(
    space: NASBench201Space().name, rowCount: NASBench201Cell.count, columns: BenchmarkColumn.nasBench201,
    keys: nasBench201Keys)

  /// Rows of files on NAS-Bench-201 are cells by `arch`, `ops` or `index`.
  static let nasBench201Keys = [
    Key(name: "arch") { try NASBench201Space().genotype(from: $0).index },
    Key(name: "ops") { text in
      let digits = text.map { $0.wholeNumberValue ?? -1 }
      return try NASBench201Space().genotype(options: digits).index
    },
    Key(name: "index") { text in
      guard let index = Int(text) else {
        throw SearchSpaceError("'\(text.prefix(40))' is no whole number.")
      }
      return index
    },
  ]
}
