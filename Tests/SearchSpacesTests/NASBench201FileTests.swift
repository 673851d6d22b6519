import Foundation
import Testing

@testable import SearchSpaces
@testable import Training

/// The benchmark's own list of cells, where a table of it is there.
@Suite struct NASBench201FileTests {
  /// `nas-bench-201.csv.gz` in a folder that `NICHE_DATA` names, in `.cache/data`, or in a `shared/data` beside the project.
  private static let path: String? = {
    let named = (ProcessInfo.processInfo.environment["NICHE_DATA"] ?? "").split(separator: ":").map(
      String.init)
    let project = URL(fileURLWithPath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
      .deletingLastPathComponent().path
    return (named + ["\(project)/.cache/data", "\(project)/../shared/data"]).map {
      $0 + "/nas-bench-201.csv.gz"
    }.first { FileManager.default.fileExists(atPath: $0) }
  }()

  @Test func numbersAreThoseOfTheBenchmark() throws {
    guard let path = Self.path else {
      print("notice: nas-bench-201.csv.gz is not here; the order of all cells is not compared with it")
      return
    }
    let bytes = try CompressedFile(path: path).read(upTo: 64 << 20)
    let lines = String(decoding: bytes, as: UTF8.self).split(separator: "\n")
    let names = lines[0].split(separator: ",")
    let index = try #require(names.firstIndex(of: "index"))
    let arch = try #require(names.firstIndex(of: "arch"))
    let digits = try #require(names.firstIndex(of: "ops"))
    #expect(lines.count == 15_626)
    let space = NASBench201Space()
    for line in lines.dropFirst() {
      let fields = line.split(separator: ",", omittingEmptySubsequences: false)
      let cell = try space.genotype(from: String(fields[arch]))
      #expect(String(cell.index) == fields[index])
      #expect(cell.description == fields[arch])
      #expect(space.options(of: cell).map(String.init).joined() == fields[digits])
    }
  }
}
