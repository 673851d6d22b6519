import Foundation
import QualityDiversity
import RunStore
import Search
import Testing

@testable import Reports

@Suite("Archives out of files")
final class SavedArchiveTests {
  private let folder = SampleRun.folder()

  deinit { try? FileManager.default.removeItem(atPath: folder) }

  private func file(_ name: String, _ text: String) throws -> String {
    try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
    let path = folder + "/" + name
    try Data(text.utf8).write(to: URL(fileURLWithPath: path))
    return path
  }

  private func refusal(_ name: String, _ text: String) throws -> String {
    let path = try file(name, text)
    let error = #expect(throws: SearchError.self) { _ = try SavedArchive(contentsOf: path) }
    let sentence = try #require(error).description
    #expect(sentence.hasPrefix("'\(path)'") && sentence.hasSuffix("."), "\(sentence)")
    return String(sentence.dropFirst(path.utf8.count + 2))
  }

  @Test("An export of ours comes back from both of its files")
  func ownExport() async throws {
    let run = SampleRun(
      configuration: SampleRun.grid,
      candidates: [
        .init(width: 10, depth: 2, fitness: 0.5), .init(width: 10, depth: 8, fitness: 0.1 + 0.2),
        .init(width: 90, depth: 2, fitness: 0.625),
      ])
    let store = try await run.store(in: folder)
    let exporter = try await Exporter(RunSnapshot(store), store: store)
    try await exporter.write(exporter.archive(testedBy: nil), to: folder + "/export")
    let json = try SavedArchive(contentsOf: folder + "/export/elites.json")
    #expect(json.rows.map(\.objective) == [0.5, 0.1 + 0.2, 0.625])
    #expect(json.rows.map(\.measures) == [[10, 2], [10, 8], [90, 2]])
    #expect(json.rows.map(\.cell) == [0, 1, 2] && json.rows.map(\.candidate) == [1, 2, 3])
    #expect(json.axes.map(\.name) == ["width", "depth"] && json.axes.map(\.upper) == [100, 10])
    #expect(json.cells == 4)
    #expect(json.configuration?.descriptors == SampleRun.grid.descriptors)
    #expect(json.configuration?.archiveGeometry == SampleRun.grid.archiveGeometry)
    let table = try SavedArchive(contentsOf: folder + "/export/archive.csv")
    #expect(table.rows.map(\.objective) == json.rows.map(\.objective))
    #expect(table.rows.map(\.measures) == json.rows.map(\.measures))
    #expect(table.rows.map(\.cell) == [0, 1, 2])
    #expect(table.axes.map(\.name) == ["measures_0", "measures_1"])
    #expect(table.axes.map(\.lower) == [10, 2] && table.axes.map(\.upper) == [90, 8])
    #expect(table.name == URL(fileURLWithPath: folder).lastPathComponent)
    let archive = try json.archive(.grid(dimensions: [2, 2]), axes: json.axes)
    #expect((0..<4).map { archive.elite(at: $0)?.solution } == [0, 1, 2, nil])
    #expect(throws: SearchError.self) {
      _ = try json.archive(.grid(dimensions: [2]), axes: Array(json.axes.prefix(1)))
    }
  }

  @Test("Tables of other programs: a column of row numbers, other orders, Windows' line ends, quotes, a mark")
  func tables() throws {
    let text =
      "\u{FEFF},objective,solution_0,\"measures_1\",measures_0,metadata\r\n"
      + "0,1.5,-3,2e3,\"-4\",\"a, \"\"b\"\"\nc\"\r\n\r\n1, 2 ,0,5,7,\r\n"
    let archive = try SavedArchive(contentsOf: file("ribs.csv", text))
    #expect(archive.name == "ribs")
    #expect(archive.rows.map(\.objective) == [1.5, 2])
    #expect(archive.rows.map(\.measures) == [[-4, 2000], [7, 5]])
    #expect(archive.rows.allSatisfy { $0.cell == nil && $0.candidate == nil })
    #expect(archive.axes.map(\.lower) == [-4, 5] && archive.axes.map(\.upper) == [7, 2000])
    // The names of pyribs before 0.5.
    let older = try SavedArchive(contentsOf: file("older.csv", "index,objective,measure_0\n3,1,2"))
    #expect(older.rows == [SavedArchive.Row(objective: 1, measures: [2], cell: 3)])
    #expect(older.axes[0].lower == 1.5 && older.axes[0].upper == 2.5, "one value has a range around it")
    let empty = try SavedArchive(contentsOf: file("empty.csv", "objective,measures_0\n"))
    #expect(empty.rows.isEmpty && empty.axes.count == 1)
  }

  @Test("Measures may be columns of other names, and texts are categories")
  func columns() throws {
    let table = "objective,width,measures_0,kind\n1,10,5,b\n2,30,6, a\n3,20,7,b\n"
    let path = try file("named.csv", table)
    let named = try SavedArchive(contentsOf: path, columns: ["kind", "width"])
    #expect(named.rows.map(\.measures) == [[1, 10], [0, 30], [1, 20]])
    #expect(named.axes.map(\.name) == ["kind", "width"] && named.axes[0].categories == ["a", "b"])
    #expect(named.axes[1].lower == 10 && named.axes[1].upper == 30)
    // Where one is missing, those that pyribs writes.
    #expect(try SavedArchive(contentsOf: path, columns: ["width", "depth"]).rows[0].measures == [5])
    let other = try file("other.csv", "objective,width\n1,2\n")
    let error = #expect(throws: SearchError.self) {
      try SavedArchive(contentsOf: other, columns: ["width", "depth"])
    }
    #expect(error?.description.hasSuffix("lacks the column 'depth'; it has 'objective', 'width'.") == true)
    // Texts among numbers are mistakes, wherever the first of them stands.
    let late = "objective,measures_0\n1,2\n3,\"0,5\"\n"
    #expect(try refusal("a.csv", late) == ", line 3: '0,5' in the column 'measures_0' is no finite number.")
    let early = "objective,measures_0\n1,x\n3,y\n4,5\n"
    #expect(try refusal("a.csv", early) == ", line 2: 'x' in the column 'measures_0' is no finite number.")
    #expect(
      try refusal("a.csv", "objective,measures_0\n1,x\n2,\n")
        == ", line 3: '' in the column 'measures_0' is no finite number.")
    #expect(
      try refusal("a.csv", "objective,solution_0,objective,measures_0\n1,2,3,4\n")
        == " has the column 'objective' twice; name each column otherwise.")
  }

  @Test("What is wrong with a table is said with its place")
  func mistakes() throws {
    #expect(try refusal("a.csv", "") == " is empty.")
    #expect(
      try refusal("a.csv", "objectives,measures_0\n")
        == " lacks the column 'objective'; it has 'objectives', 'measures_0'."
    )
    #expect(
      try refusal("a.csv", "objective,x\n1,2\n")
        == " lacks the column 'measures_0'; it has 'objective', 'x', of which --axes can name those that hold measures."
    )
    #expect(
      try refusal("a.csv", "objective,measures_0,measures_2\n")
        == " has the column 'measures_2' but lacks 'measures_1'.")
    #expect(
      try refusal("a.csv", "objective,measures_0\n1,2\n1\n") == ", line 3: there are 1 cells, but 2 columns.")
    #expect(
      try refusal("a.csv", "objective,measures_0\n1,2,3\n") == ", line 2: there are 3 cells, but 2 columns.")
    for bad in ["nan", "inf", "", "x", "1e999", "0x", "1 2"] {
      #expect(
        try refusal("a.csv", "objective,measures_0\n1,2\n\(bad),2\n").hasSuffix(
          ", line 3: '\(bad)' in the column 'objective' is no finite number."))
      #expect(
        try refusal("a.csv", "objective,measures_0\n1,2\n3,\(bad)\n").hasSuffix(
          "in the column 'measures_0' is no finite number."))
    }
    #expect(
      try refusal("a.csv", "objective,measures_0,index\n1,2,1.5\n").hasSuffix("'1.5' is no whole number."))
    #expect(
      try refusal("a.csv", "objective,measures_0\n\"1,2\n") == ", line 2: a quotation mark is not closed.")
    #expect(
      try refusal("a.csv", "objective,measures_0\n\"1\"2,2\n").contains("behind a closing quotation mark"))
    #expect(try refusal("a.csv", "objective,measures_0\n1,-1e308\n1,1e308\n").contains("have no range"))
    #expect(
      try refusal("a.csv", "objective,measures_0\n-1e100,1\n1.1e100,2\n")
        == ", line 3: the objective 1.1e+100 is too large to be reckoned with; scale all to within ±1e+100.")
    #expect(try refusal("a.txt", "objective").hasPrefix(" is neither .csv nor .json"))
    #expect(throws: SearchError.self) { _ = try SavedArchive(contentsOf: folder) }
    #expect(throws: SearchError.self) { _ = try SavedArchive(contentsOf: folder + "/none.csv") }
  }

  @Test("What is wrong with an elites.json is said")
  func jsonMistakes() throws {
    let start =
      #"{"format": 1, "niches": 4, "axes": [{"name": "w", "lower": 0, "upper": 1, "scale": "linear"}]"#
    #expect(try refusal("a.json", "nonsense").contains("it cannot be read as JSON"))
    #expect(try refusal("a.json", start + "}").contains("it lacks 'elites'"))
    #expect(try refusal("a.json", start + #", "elites": [{"niche": "x"}]}"#).contains("niche"))
    #expect(
      try refusal(
        "a.json", start + #", "elites": [{"niche": 1, "candidate": 2, "fitness": 1, "measures": {}}]}"#
      )
      .contains("the elite of niche 1 lacks the measure 'w'"))
    let huge =
      #", "elites": [{"niche": 1, "candidate": 2, "fitness": 1e308, "measures": {"w": 1}}]}"#
    #expect(
      try refusal("a.json", start + huge).contains("niche 1 has the fitness 1e+308, which is too large"))
    let two = start.replacingOccurrences(of: "\"format\": 1", with: "\"format\": 2")
    #expect(try refusal("a.json", two + #", "elites": []}"#) == " has the format 2, but this Niche reads 1.")
    let flat = start.replacingOccurrences(of: "\"upper\": 1", with: "\"upper\": 0")
    #expect(try refusal("a.json", flat + #", "elites": []}"#).contains("the axis 'w' makes no sense"))
    let cells = #", "archive": {"kind": "grid", "cells": 0, "dimensions": []}, "elites": []}"#
    #expect(
      try refusal("a.json", start + cells).contains("has cells that make no sense: 'archive.cells' is 0"))
  }

  @Test("A table beyond the limit is not read")
  func huge() throws {
    let path = try file("huge.csv", "objective,measures_0\n")
    let handle = try #require(FileHandle(forWritingAtPath: path))
    try handle.truncate(atOffset: UInt64(SavedArchive.byteLimit) + 1)
    try handle.close()
    let error = #expect(throws: SearchError.self) { _ = try SavedArchive(contentsOf: path) }
    #expect(error?.description == "'\(path)' has 512 MiB; files of at most 512 MiB are read.")
  }
}

@Suite("Arrays for NumPy")
struct NumPyArchiveTests {
  @Test("The checksum is that of the standard's check value")
  func checksum() {
    #expect(Checksum.crc32(Array("123456789".utf8)) == 0xCBF4_3926)
    #expect(Checksum.crc32([]) == 0)
    // Bit by bit, of every length around the eight bytes that are taken at once.
    for count in 0..<40 {
      let bytes = (0..<count).map { UInt8(truncatingIfNeeded: 37 &* $0 &+ 11) }
      let plain = bytes.reduce(~UInt32(0)) { value, byte in
        (0..<8).reduce(value ^ UInt32(byte)) { rest, _ in rest >> 1 ^ (rest & 1) &* 0xEDB8_8320 }
      }
      #expect(Checksum.crc32(bytes) == ~plain)
    }
  }

  @Test("NumPy reads shapes, types and values")
  func numPy() throws {
    var file = NumPyArchive()
    file.add("numbers", .doubles([0.1, -2, .infinity, 4, 5, 6]), shape: [3, 2])
    file.add("whole", .integers([1, -2, .max]), shape: [3])
    file.add("names", .texts(["width", "log10(größe 😀)"]), shape: [2])
    file.add("none", .doubles([]), shape: [0, 2])
    file.add("single", .integers([7]), shape: [])
    #expect(file.bytes == file.bytes)
    let python = ProcessInfo.processInfo.environment["NICHE_PYTHON"] ?? "/usr/bin/python3"
    let path = SampleRun.folder() + ".npz"
    defer { try? FileManager.default.removeItem(atPath: path) }
    try Data(file.bytes).write(to: URL(fileURLWithPath: path))
    let script = """
      import sys, zipfile
      try:
          import numpy
      except ImportError:
          print("missing"); sys.exit()
      assert zipfile.ZipFile(sys.argv[1]).testzip() is None
      a = numpy.load(sys.argv[1])
      print(a.files)
      for name in a.files: print(a[name].dtype.str, a[name].shape, a[name].tolist())
      """
    let process = Process()
    process.executableURL = URL(fileURLWithPath: python)
    process.arguments = ["-c", script, path]
    let pipe = Pipe()
    process.standardOutput = pipe
    try process.run()
    let output = String(decoding: pipe.fileHandleForReading.readDataToEndOfFile(), as: UTF8.self)
    process.waitUntilExit()
    guard output != "missing\n" else {
      print("note: \(python) cannot import numpy, so archive.npz is not read by it")
      return
    }
    #expect(
      output == """
        ['numbers', 'whole', 'names', 'none', 'single']
        <f8 (3, 2) [[0.1, -2.0], [inf, 4.0], [5.0, 6.0]]
        <i8 (3,) [1, -2, 9223372036854775807]
        <U14 (2,) ['width', 'log10(größe 😀)']
        <f8 (0, 2) []
        <i8 () 7

        """)
  }
}
