import Foundation
import QualityDiversity
import RandomStreams
import Search
import Testing

@testable import Reports

@Suite("Charts and maps")
struct ChartTests {
  private func axes(_ count: Int, isMixed: Bool) throws -> [MeasureAxis] {
    let all = [
      try MeasureAxis(name: "width", lower: 1, upper: 100, scale: .logarithmic),
      isMixed
        ? try MeasureAxis(name: "kind", categories: ["convolution", "attention <b>", "dense & other"])
        : try MeasureAxis(name: "depth", lower: 0, upper: 50),
      try MeasureAxis(name: "macs", lower: 1e3, upper: 1e9, scale: .logarithmic),
      try MeasureAxis(name: "parameters", lower: 0, upper: 5e6),
      try MeasureAxis(name: "latency_ms", lower: 0, upper: 1),
    ]
    return Array(all.prefix(count))
  }

  private enum Kind: CaseIterable { case grid, voronoi, sliding, proximity, novelty, deep }

  private func archive(_ kind: Kind, _ axes: [MeasureAxis]) throws -> any Archive<Int> {
    let dimensions = axes.map { $0.categories?.count ?? 4 }
    switch kind {
    case .grid: return try ArchiveGeometry.grid(dimensions: dimensions).makeArchive(axes: axes)
    case .voronoi: return try ArchiveGeometry.cvt(cells: 30, samples: 2000, seed: 1).makeArchive(axes: axes)
    case .sliding:
      return try ArchiveGeometry.slidingGrid(dimensions: dimensions, remapFrequency: 20, capacity: 100)
        .makeArchive(axes: axes)
    case .proximity: return try ProximityArchive<Int>(axes: axes, neighbourCount: 2, noveltyThreshold: 0.05)
    case .novelty: return try DominatedNoveltyArchive<Int>(axes: axes, capacity: 25, neighbourCount: 3)
    case .deep:
      return try DeepArchive<GridTessellation, Int>(
        try GridTessellation(axes: axes, dimensions: dimensions), depth: 3)
    }
  }

  private func fill(_ archive: inout any Archive<Int>, _ count: Int, isConstant: Bool) {
    var stream = RandomStream(seed: 9).stream("charts")
    for number in 0..<count {
      let measures = archive.axes.map { $0.denormalized(stream.uniform(0, 1)) }
      archive.add(number, objective: isConstant ? 0.5 : stream.uniform(0, 1), measures: measures)
    }
  }

  private func picture(_ archive: any Archive<Int>, _ theme: Theme) -> SVG {
    let elites = archive.elites
    let panel = CellPanel(
      values: Dictionary(elites.map { ($0.cell, $0.objective) }, uniquingKeysWith: max),
      hints: Dictionary(elites.map { ($0.cell, CellPanel.hint($0, archive.axes)) }, uniquingKeysWith: { $1 }),
      scale: Scale(covering: elites.map(\.objective), unit: .share))
    let layout = CellLayout(archive)
    return archive.axes.count <= 2
      ? CellMap(title: "A map", layout: layout, panel: panel, valueTitle: "fitness").svg(theme)
      : CellMultiples(title: "Maps", layout: layout, panel: panel, valueTitle: "fitness").svg(theme)
  }

  @Test("Columns are as long as their values compare, above zero and below it")
  func columns() throws {
    var archive = try archive(.grid, axes(1, isMixed: false))
    for (number, place) in [0.1, 0.4, 0.6].enumerated() {
      archive.add(number, objective: 1, measures: [archive.axes[0].denormalized(place)])
    }
    func lengths(_ values: [Double]) throws -> (bars: [(y: Double, height: Double)], faults: [String]) {
      let panel = CellPanel(
        values: Dictionary(uniqueKeysWithValues: values.enumerated().map { ($0.offset, $0.element) }),
        scale: Scale(covering: values, unit: .share))
      let picture = CellMap(
        title: "", layout: CellLayout(archive), panel: panel, valueTitle: "fitness"
      ).svg(.light)
      let bars = try #require(DocumentReader.read(picture.document)).attributes(of: "rect").compactMap {
        bar -> (y: Double, height: Double)? in
        guard let y = bar["y"].flatMap(Double.init), let height = bar["height"].flatMap(Double.init) else {
          return nil
        }
        return (y, height)
      }
      return (Array(bars.suffix(values.count)), DocumentReader.faults(of: picture))
    }
    let (bars, faults) = try lengths([0.505, 0.705, 0])
    #expect(faults.isEmpty, "\(faults)")
    #expect(abs(bars[0].height / bars[1].height - 0.505 / 0.705) < 0.002 && bars[2].height == 3)
    let ends = bars.map { $0.y + $0.height }
    #expect(ends.allSatisfy { abs($0 - ends[0]) < 0.2 }, "all stand on one line")
    let (signed, others) = try lengths([0.2, -0.4, -0.1])
    #expect(others.isEmpty, "\(others)")
    #expect(abs(signed[1].height / signed[0].height - 2) < 0.01)
    #expect(abs(signed[0].y + signed[0].height - signed[1].y) < 0.2 && abs(signed[1].y - signed[2].y) < 0.2)
  }

  @Test(
    "Every kind of archive, empty, tiny and full, gives a picture that shows each elite", arguments: 1...5,
    [0, 1, 200])
  func kinds(axisCount: Int, additions: Int) throws {
    for kind in Kind.allCases {
      for isMixed in [false, true] {
        // Sliding borders and novelty need axes with distances.
        if isMixed && (axisCount < 2 || [.sliding, .proximity, .novelty].contains(kind)) { continue }
        var archive: any Archive<Int>
        do {
          archive = try self.archive(kind, axes(axisCount, isMixed: isMixed))
        } catch {
          Issue.record("\(kind) of \(axisCount) axes: \(error)")
          continue
        }
        fill(&archive, additions, isConstant: isMixed)
        let picture = picture(archive, isMixed ? .dark : .light)
        let faults = DocumentReader.faults(of: picture)
        #expect(faults.isEmpty, "\(kind), \(axisCount) axes: \(faults.prefix(3))")
        let document = try #require(DocumentReader.read(picture.document))
        // The picture's own title is the first.
        #expect(
          document.titles.count - 1 == Set(archive.elites.map(\.cell)).count, "\(kind), \(axisCount) axes")
      }
    }
  }

  /// The area of a polygon by the shoelace formula.
  private func area(_ path: String) -> Double {
    let numbers = path.split(whereSeparator: { "MLZ ".contains($0) }).compactMap { Double($0) }
    let corners = stride(from: 0, to: numbers.count - 1, by: 2).map { (numbers[$0], numbers[$0 + 1]) }
    var sum = 0.0
    for (index, corner) in corners.enumerated() {
      let next = corners[(index + 1) % corners.count]
      sum += corner.0 * next.1 - next.0 * corner.1
    }
    return abs(sum) / 2
  }

  @Test("A plane cuts each place out of the cell whose centroid is nearest", arguments: [1, 2, 40])
  func cuts(cells: Int) throws {
    let axes = Array(try axes(5, isMixed: false).dropFirst())
    let tessellation = try VoronoiTessellation(axes: axes, cells: cells, samples: 500, seed: 5)
    let cuts = try #require(CellCuts(tessellation))
    var stream = RandomStream(seed: 6).stream("cuts")
    for _ in 0..<10 {
      let plane = [stream.uniform(), stream.uniform()]
      let found = cuts.cuts(at: plane)
      #expect(abs(found.reduce(0) { $0 + Self.area($1.corners) } - 1) < 1e-9)
      for _ in 0..<50 {
        let point = Point(stream.uniform(), stream.uniform())
        let place = [point.x, point.y] + plane
        let nearest = try #require(
          (0..<cells).min { Self.distance(tessellation, $0, place) < Self.distance(tessellation, $1, place) })
        let cut = try #require(found.first { $0.cell == nearest })
        #expect(Self.isInside(cut.corners, point))
      }
    }
    #expect(
      CellCuts(try VoronoiTessellation(axes: Array(axes.prefix(2)), cells: 9, samples: 99, seed: 1)) == nil)
  }

  private static func distance(_ tessellation: VoronoiTessellation, _ cell: Int, _ place: [Double]) -> Double
  {
    zip(tessellation.centroid(of: cell), place).reduce(0) { $0 + ($1.0 - $1.1) * ($1.0 - $1.1) }
  }

  private static func area(_ corners: [Point]) -> Double {
    abs(
      corners.indices.reduce(0) { sum, index in
        let (corner, next) = (corners[index], corners[(index + 1) % corners.count])
        return sum + corner.x * next.y - next.x * corner.y
      }) / 2
  }

  private static func isInside(_ corners: [Point], _ point: Point) -> Bool {
    let sides = corners.indices.map { index in
      let (corner, next) = (corners[index], corners[(index + 1) % corners.count])
      return (next.x - corner.x) * (point.y - corner.y) - (next.y - corner.y) * (point.x - corner.x)
    }
    return sides.allSatisfy { $0 > -1e-9 } || sides.allSatisfy { $0 < 1e-9 }
  }

  @Test(
    "Within categories the Voronoi cells of two axes fill a map each, and those of one axis stand in columns")
  func cellsOfCategories() throws {
    let all = try axes(4, isMixed: true)
    // The category stands first among the axes, and beside the others in the picture.
    var archive = try self.archive(.voronoi, [all[1], all[0], all[3]])
    fill(&archive, 4000, isConstant: false)
    #expect(archive.count == archive.cellCount && archive.cellCount % 3 == 0)
    let layout = CellLayout(archive)
    #expect(layout.axes.map(\.name) == ["width", "parameters", "kind"] && layout.cuts == nil)
    var areas = [0.0, 0.0, 0.0]
    for cell in layout.cells {
      guard case .polygon(let corners, let place) = cell.area else {
        Issue.record("cell \(cell.number) is no polygon")
        continue
      }
      let elite = try #require(archive.elite(at: cell.number))
      #expect(place == [1, 2, 0].map { archive.axes[$0].normalized(elite.measures[$0]) })
      #expect(Self.isInside(corners, Point(place[0], place[1])))
      areas[Int(elite.measures[0])] += Self.area(corners)
    }
    #expect(areas.allSatisfy { abs($0 - 1) < 1e-9 }, "\(areas)")
    let picture = try #require(DocumentReader.read(picture(archive, .light).document))
    #expect(picture.attributes(of: "path").count { ($0["d"] ?? "").hasSuffix("Z") } == archive.cellCount)

    var flat = try self.archive(.voronoi, [all[1], all[0]])
    fill(&flat, 300, isConstant: false)
    let columns = CellLayout(flat)
    #expect(columns.axes.map(\.name) == ["width", "kind"] && columns.cells.count == flat.cellCount)
    for cell in columns.cells {
      guard case .box(let box) = cell.area, let elite = flat.elite(at: cell.number) else { continue }
      #expect(box[0].contains(flat.axes[1].normalized(elite.measures[1])))
      #expect(box[1].contains((elite.measures[0] + 0.5) / 3))
    }
    #expect(columns.hasAreas)
  }

  @Test("The Voronoi cells of a full archive fill the frame, each in its value's colour")
  func polygons() throws {
    var archive: any Archive<Int> = try archive(.voronoi, axes(2, isMixed: false))
    fill(&archive, 3000, isConstant: false)
    #expect(archive.count == 30)
    let document = try #require(DocumentReader.read(picture(archive, .light).document))
    let frame = try #require(
      document.attributes(of: "rect").first { $0["fill"] == Theme.light.paint(.empty) })
    let size = try #require(Double(frame["width"] ?? "")) * #require(Double(frame["height"] ?? ""))
    let cells = document.attributes(of: "path").filter { ($0["d"] ?? "").hasSuffix("Z") }
    #expect(cells.count == 30)
    let sum = cells.reduce(0.0) { $0 + area($1["d"] ?? "") }
    #expect(abs(sum - size) < 1e-3 * size)
    let scale = Scale(covering: archive.objectives, unit: .share)
    let colours = archive.objectives.map { ColourScale.viridis.colour(at: scale.position($0)).hex }
    #expect(cells.compactMap { $0["fill"] }.sorted() == colours.sorted())
  }

  @Test("A grid of 100 × 100 cells, all occupied, stays below two megabytes")
  func large() throws {
    var archive: any Archive<Int> = try ArchiveGeometry.grid(dimensions: [100, 100]).makeArchive(
      axes: axes(2, isMixed: false))
    for cell in 0..<archive.cellCount {
      guard let region = archive.region(of: cell) else { continue }
      archive.add(cell, objective: Double(cell % 97) / 97, measures: region.measures)
    }
    #expect(archive.count == 10_000)
    #expect(picture(archive, .light).document.utf8.count < 2_000_000)
  }

  @Test("Curves with bands, log scales, single points and none; long ones are thinned to what is seen")
  func curves() throws {
    var chart = LineChart(
      title: "QD score", subtitle: "three seeds", x: .init(title: "networks trained"),
      y: .init(title: "QD score", includesZero: true),
      series: [
        .init(
          name: "first",
          samples: (0..<50).map {
            .init(x: Double($0), y: Double($0), lower: Double($0) * 0.8, upper: Double($0) * 1.2)
          },
          isStepped: true),
        .init(name: "second <&>", samples: (0..<50).map { .init(x: Double($0), y: 30) }, isDashed: true),
        .init(name: "third", samples: [.init(x: 10, y: 4)]), .init(name: "none", samples: []),
      ])
    for theme in Theme.allCases { #expect(DocumentReader.faults(of: chart.svg(theme)).isEmpty) }
    let document = try #require(DocumentReader.read(chart.svg(.light).document))
    #expect(document.attributes(of: "path").filter { $0["opacity"] == "0.18" }.count == 1, "one band")
    #expect(["first", "second <&>", "third", "none", "networks trained"].allSatisfy(document.texts.contains))
    chart.x.kind = .logarithmic
    #expect(DocumentReader.faults(of: chart.svg(.light)).isEmpty)
    chart.series = []
    #expect(DocumentReader.faults(of: chart.svg(.light)).isEmpty)

    var stream = RandomStream(seed: 3).stream("curve")
    let samples = (0..<100_000).map { LineChart.Sample(x: Double($0), y: stream.uniform(0, 1)) }
    let scale = Scale(0, 100_000)
    let thinned = LineChart.thinned(samples, scale, columns: 600)
    #expect(thinned.count <= 4 * 601 && thinned.first == samples.first && thinned.last == samples.last)
    #expect(
      thinned.map(\.y).max() == samples.map(\.y).max() && thinned.map(\.y).min() == samples.map(\.y).min())
    #expect(thinned.map(\.x) == thinned.map(\.x).sorted())
    chart.series = [.init(name: "long", samples: samples)]
    #expect(chart.svg(.light).document.utf8.count < 60_000)
  }

  @Test("Text is escaped, and is what XML may hold")
  func escaping() throws {
    let name = "<a href=\"x\">&amp; 'b' ]]>\u{0}\u{1B}[31m\r\n\u{FFFF}\u{202E} é😀</a>"
    let chart = LineChart(
      title: name, x: .init(title: name), y: .init(title: name), series: [.init(name: name, samples: [])])
    let document = try #require(DocumentReader.read(chart.svg(.light).document))
    #expect(!document.elements.contains { $0.name == "a" })
    #expect(document.titles.first?.hasPrefix("<a href=\"x\">&amp; 'b' ]]> ") == true)
    #expect(Markup.escaped("a\u{0}\tb\n<'\">&") == "a\u{FFFD}\tb\n&lt;&#39;&quot;&gt;&amp;")
    #expect(
      [0.0, -0.004, 1.5, -2.25, 1e99, .nan, 12.05].map(SVG.number) == [
        "0", "0", "1.5", "-2.25", "10000000", "0", "12.05",
      ])
  }

  @Test("A page that loads nothing, with every text escaped and all elements closed")
  func page() throws {
    let bad = "</script><img src=x onerror=alert(1)>\u{0}"
    let table = HTML.table(
      caption: bad, columns: [("name", false), ("count", true)],
      rows: [[.init(text: bad), .init("\(3)", order: 3)]], isSortable: true)
    let page = HTMLPage(title: bad, subtitle: bad, sections: [.init(name: "one", title: bad, content: table)])
    let document = page.document
    #expect(document.contains("default-src 'none'") && !document.contains("<img"))
    #expect(document.components(separatedBy: "</script>").count == 2)
    let markup = document.replacing(#/<(style|script)>.*?</(style|script)>/#.dotMatchesNewlines(), with: "")
    #expect(DocumentReader.read(markup) != nil)
  }
}
