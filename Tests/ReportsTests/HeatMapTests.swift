import Foundation
import FoundationXML
import QualityDiversity
import Search
import Testing

@testable import Reports

/// Reads a document as XML and keeps what tests ask about.
private final class DocumentReader: NSObject, XMLParserDelegate {
  var elements: [(name: String, attributes: [String: String])] = []
  var texts: [String] = []
  var titles: [String] = []
  private var current = ""

  func parser(
    _ parser: XMLParser, didStartElement name: String, namespaceURI: String?, qualifiedName: String?,
    attributes: [String: String]
  ) {
    elements.append((name, attributes))
    current = ""
  }

  func parser(_ parser: XMLParser, foundCharacters string: String) { current += string }

  func parser(_ parser: XMLParser, didEndElement name: String, namespaceURI: String?, qualifiedName: String?)
  {
    if name == "text" { texts.append(current) }
    if name == "title" { titles.append(current) }
    current = ""
  }

  /// What is in the document, or nil where it is not well-formed.
  static func read(_ document: String) -> DocumentReader? {
    let reader = DocumentReader()
    let parser = XMLParser(data: Data(document.utf8))
    parser.delegate = reader
    return parser.parse() ? reader : nil
  }

  var polygons: [[String: String]] { elements.filter { $0.name == "polygon" }.map(\.attributes) }
}

@Suite("Heat maps")
struct HeatMapTests {
  private let candidates: [SampleRun.Candidate] = [
    .init(width: 10, depth: 2, fitness: 0.61), .init(width: 10, depth: 8, fitness: 0.84),
    .init(width: 90, depth: 2, fitness: 0.72),
  ]

  private func document(_ run: SampleRun) async throws -> DocumentReader {
    try #require(DocumentReader.read(try HeatMap(await run.snapshot()).svg))
  }

  /// The area of a polygon by the shoelace formula.
  private func area(_ points: String) throws -> Double {
    let corners = points.split(separator: " ").map { $0.split(separator: ",").compactMap { Double($0) } }
    var sum = 0.0
    for (index, corner) in corners.enumerated() {
      let next = corners[(index + 1) % corners.count]
      sum += corner[0] * next[1] - next[0] * corner[1]
    }
    return abs(sum) / 2
  }

  @Test("A grid of two axes: an area per niche, coloured by fitness, grey where empty")
  func grid() async throws {
    let document = try await document(SampleRun(configuration: SampleRun.grid, candidates: candidates))
    #expect(
      document.titles == [
        "niche 0: candidate 1, 61.00 %", "niche 1: candidate 2, 84.00 %", "niche 2: candidate 3, 72.00 %",
        "niche 3: empty",
      ])
    let polygons = document.polygons
    // Niche 1 is narrow and deep: on the left, above.
    #expect(polygons[1]["points"] == "92,320 402,320 402,80 92,80")
    #expect(polygons[3]["fill"] == "#f4f4f4")
    // The scale goes from 60 to 85 %: 61 % is near its dark end, 84 % near its bright end.
    #expect(polygons[0]["fill"] == ColourScale.viridis(0.01 / 0.25))
    #expect(polygons[1]["fill"] == ColourScale.viridis(0.24 / 0.25))
    #expect(document.texts.contains("60.0 %") && document.texts.contains("85.0 %"))
    #expect(
      document.texts.contains("61.0") && document.texts.contains("84.0") && document.texts.contains("72.0"))
    #expect(document.texts.contains("width") && document.texts.contains("depth"))
    #expect(document.texts.contains("sample: best validation accuracy found per niche"))
    #expect(document.texts.contains("fashion-mnist, seed 4 · 3 of 4 niches · QD score 2.17 · best 84.0 %"))
  }

  @Test(
    "Every kind of archive with one or two axes gives areas that fill the frame",
    arguments: [
      (ArchiveSettings.Kind.grid, 1), (.grid, 2), (.cvt, 1), (.cvt, 2),
    ], [false, true])
  func kinds(shape: (ArchiveSettings.Kind, Int), isEmpty: Bool) async throws {
    var configuration = SampleRun.grid
    configuration.archive.kind = shape.0
    configuration.archive.cells = 9
    configuration.archive.dimensions = []
    configuration.descriptors = [
      DescriptorSettings(name: "width", lower: 1, upper: 100, scale: .log),
      DescriptorSettings(name: "width_depth_ratio", lower: 0, upper: 50),
    ].suffix(shape.1)
    let run = SampleRun(configuration: configuration, candidates: isEmpty ? [] : candidates)
    let document = try await document(run)
    let areas: [Double] = try document.polygons.map { polygon in try area(polygon["points"] ?? "") }
    #expect(areas.count == 9)
    let frame = 620.0 * 480
    #expect(abs(areas.reduce(0, +) - frame) < frame * 1e-3)
    let occupied = try await run.snapshot().elites.count
    let empty = document.titles.filter { $0.hasSuffix("empty") }.count
    #expect(empty == 9 - occupied)
    #expect(document.texts.contains("empty"))
    if shape.1 == 2 { #expect(document.texts.contains("width (log scale)")) }
    #expect(document.texts.contains("width depth ratio"))
    for element in document.elements {
      for (name, value) in element.attributes
      where ["x", "y", "x1", "x2", "y1", "y2", "width", "height"].contains(name) {
        #expect(value == "100%" || Double(value)?.isFinite == true, "\(name)=\(value)")
      }
    }
  }

  @Test("Three axes cannot be shown, which is said")
  func threeAxes() async throws {
    var configuration = SampleRun.grid
    configuration.archive.dimensions = [2, 2, 2]
    configuration.descriptors.append(DescriptorSettings(name: "macs", lower: 0, upper: 1))
    let snapshot = try await SampleRun(configuration: configuration, candidates: []).snapshot()
    #expect(
      throws: SearchError(
        "A heat map shows one or two axes, but the archive of 'sample' has 3; use 'niche export --json' for the figures."
      )
    ) { _ = try HeatMap(snapshot) }
  }

  @Test("Names with letters that mean something in XML, and such as XML does not have")
  func escaping() async throws {
    let name = "<a href=\"x\">&amp; 'b' ]]>\u{0}\u{1B}[31m\r\n\u{FFFF} é😀</a>"
    let run = SampleRun(name: name, configuration: SampleRun.grid, candidates: candidates)
    let document = try await document(run)
    let title = try #require(document.texts.first)
    #expect(title.hasPrefix("<a href=\"x\">&amp; 'b' ]]> ") && title.contains("é😀</a>: best"))
    #expect(!document.elements.contains { $0.name == "a" })
  }

  @Test("The same run gives the same bytes")
  func deterministic() async throws {
    let run = SampleRun(configuration: SampleRun.grid, candidates: candidates)
    #expect(try HeatMap(await run.snapshot()).svg == HeatMap(await run.snapshot()).svg)
  }

  @Test(
    "Ticks are round values within the axis, for any range",
    arguments: [
      (0.0, 200.0, MeasureScale.linear), (200e6, 5e9, .linear), (-1, 1, .linear), (0, 1e-9, .linear),
      (0.5, 128, .logarithmic), (5e3, 5e6, .logarithmic), (1, 1e12, .logarithmic),
      (1e-300, 1e300, .logarithmic),
      (.leastNonzeroMagnitude, 1, .logarithmic), (1e-30, 2e-30, .logarithmic), (-1e300, 1e300, .linear),
    ])
  func ticks(lower: Double, upper: Double, scale: MeasureScale) throws {
    let axis = try MeasureAxis(name: "a", lower: lower, upper: upper, scale: scale)
    let ticks = Ticks.of(axis)
    #expect(ticks.allSatisfy { (lower...upper).contains($0) })
    #expect(ticks == ticks.sorted() && ticks.count <= 50)
    #expect(
      Set(ticks.map(Figures.short)).count == ticks.count || upper < 1e-3 || lower < 1e-3, "labels differ")
  }

  @Test("Ticks by hand")
  func ticksByHand() throws {
    #expect(Ticks.of(try MeasureAxis(name: "a", lower: 0, upper: 200)) == [0, 50, 100, 150, 200])
    #expect(
      Ticks.of(try MeasureAxis(name: "a", lower: 5_000, upper: 5_000_000, scale: .logarithmic))
        == [5e3, 1e4, 2e4, 5e4, 1e5, 2e5, 5e5, 1e6, 2e6, 5e6])
    #expect(
      Ticks.of(try MeasureAxis(name: "a", lower: 1, upper: 1e5, scale: .logarithmic)) == [
        1, 10, 100, 1e3, 1e4, 1e5,
      ])
  }

  @Test("Viridis at its ends and middle, as matplotlib has it")
  func colours() {
    #expect(ColourScale.viridis(0) == "#440154")
    #expect(ColourScale.viridis(1) == "#fde725")
    #expect(ColourScale.viridis(0.5) == "#21908d")
    #expect(
      ColourScale.viridis(-3) == ColourScale.viridis(0) && ColourScale.viridis(7) == ColourScale.viridis(1))
    #expect(ColourScale.viridis(.nan) == ColourScale.viridis(0))
  }
}
