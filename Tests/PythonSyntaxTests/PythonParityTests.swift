import Foundation
import PythonSyntax
import Testing

/// The tree must be the one that CPython's `ast` reads, with the same ranges.
@Suite("Parity with CPython", .enabled(if: Python.isPresent, "python3 is not installed"))
struct PythonParityTests {
  private static func compare(_ paths: [String]) throws -> (compared: Int, unreadable: [String]) {
    let script = try Fixtures.directory.appendingPathComponent("dump_ast.py").path
    let dumps = try Python.run([script] + paths).split(separator: "\n", omittingEmptySubsequences: true)
    try #require(dumps.count == paths.count)
    var unreadable: [String] = []
    for (path, dump) in zip(paths, dumps) {
      let name = (path as NSString).lastPathComponent
      if dump == "unreadable" {
        unreadable.append(name)
        continue
      }
      let source = String(decoding: try Data(contentsOf: URL(fileURLWithPath: path)), as: UTF8.self)
      let result = Parser.parse(source, limits: generous)
      #expect(!result.hasErrors, "\(name): \(result.diagnostics.first.map(\.description) ?? "")")
      let found = difference(SyntaxDump.dump(result.module), String(dump))
      #expect(found == nil, "\(name): \(found ?? "")")
      // What is printed must be read by CPython's rules too: the round trip goes through our own parser.
      let printed = Printer.print(result.module)
      let again = Parser.parse(printed, limits: generous)
      #expect(!again.hasErrors, "\(name) printed: \(again.diagnostics.first.map(\.description) ?? "")")
      #expect(again.module.isStructurallyEqual(to: result.module), "\(name) changed when printed")
    }
    return (paths.count - unreadable.count, unreadable)
  }

  @Test("Fixtures")
  func fixtures() throws {
    let paths = try Fixtures.sources.map { try Fixtures.directory.appendingPathComponent($0.name).path }
    #expect(paths.count >= 6)
    // An older Python cannot read what 3.12 added.
    let unreadable = try Self.compare(paths).unreadable
    #expect(unreadable.isEmpty || unreadable == ["grammar_312.py"])
  }

  @Test("Printed fixtures are read by CPython as the same tree")
  func printed() throws {
    let directory = FileManager.default.temporaryDirectory.appendingPathComponent(
      "printed-\(UUID().uuidString)")
    try FileManager.default.createDirectory(at: directory, withIntermediateDirectories: true)
    defer { try? FileManager.default.removeItem(at: directory) }
    var paths: [String] = []
    for fixture in Fixtures.sources where fixture.name != "grammar_312.py" {
      let path = directory.appendingPathComponent(fixture.name).path
      try Printer.print(Parser.parse(fixture.text).module).write(
        toFile: path, atomically: true, encoding: .utf8)
      paths.append(path)
    }
    #expect(try Self.compare(paths).unreadable.isEmpty)
  }

  @Test("A sample of the standard library")
  func standardLibrary() throws {
    let folder = try Python.run(["-c", "import sysconfig; print(sysconfig.get_path('stdlib'), end='')"])
    let files = try FileManager.default.contentsOfDirectory(atPath: folder).filter { $0.hasSuffix(".py") }
      .sorted()
    let sizes = files.map { file -> (String, Int) in
      let path = folder + "/" + file
      let size = (try? FileManager.default.attributesOfItem(atPath: path)[.size] as? Int) ?? 0
      return (path, size)
    }
    // Every second file of middling size: about sixty.
    let sample = sizes.filter { (2_000...40_000).contains($0.1) }.enumerated().filter { $0.offset % 2 == 0 }
    try #require(sample.count >= 40)
    let compared = try Self.compare(sample.map(\.element.0)).compared
    #expect(compared >= 40)
  }
}

/// The syntax of Python 3.12 against a dump that CPython 3.13 made of it, for machines with an older Python:
/// `python3.13 dump_ast.py grammar_312.py > grammar_312.dump`.
@Test("Parity with a stored dump of CPython 3.13")
func storedDump() throws {
  let dump = try String(
    contentsOf: Fixtures.directory.appendingPathComponent("grammar_312.dump"), encoding: .utf8)
  let source = try #require(Fixtures.sources.first { $0.name == "grammar_312.py" }).text
  let result = Parser.parse(source)
  #expect(!result.hasErrors)
  let found = difference(SyntaxDump.dump(result.module) + "\n", dump)
  #expect(found == nil, "\(found ?? "")")
}
