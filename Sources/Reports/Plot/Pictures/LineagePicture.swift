import Search

/// The ancestors of a candidate, with their fitness and how each came about.
struct LineagePicture: Sendable {
  private let facts: RunFacts
  private let candidate: Int
  private let addresses: [Int: String]
  /// The candidates by how many steps they are back, the candidate itself in the first row; each has a column.
  private let levels: [[(column: Int, record: CandidateSummary)]]
  private let columns: Int
  /// How many ancestors there was no room for.
  private let omitted: Int

  /// Ancestors farther back, and more of one level, are left out.
  private static let mostLevels = 24
  private static let mostOfLevel = 4
  private static let step = 62.0

  /// The lineage of a candidate; nil where there is none of that number.
  init?(_ facts: RunFacts, of candidate: Int, addresses: [Int: String] = [:]) {
    guard facts.run.candidate(candidate) != nil else { return nil }
    (self.facts, self.candidate, self.addresses) = (facts, candidate, addresses)
    // Parents have lower numbers, so each is reached after all of its children.
    var depths = [candidate: 0]
    var waiting: Set<Int> = [candidate]
    var found: [[CandidateSummary]] = []
    var omitted = 0
    while let next = waiting.max() {
      waiting.remove(next)
      guard let record = facts.run.candidate(next), let depth = depths[next] else { continue }
      if depth < Self.mostLevels {
        while found.count <= depth { found.append([]) }
        found[depth].append(record)
      } else {
        omitted += 1
      }
      for parent in record.origin.parents where parent < next {
        depths[parent] = max(depths[parent] ?? 0, depth + 1)
        waiting.insert(parent)
      }
    }
    columns = min(Self.mostOfLevel, found.map(\.count).max() ?? 1)
    levels = Self.arranged(found.map { Array($0.sorted { $0.id < $1.id }.suffix(Self.mostOfLevel)) }, columns)
    self.omitted = omitted + found.reduce(0) { $0 + max(0, $1.count - Self.mostOfLevel) }
  }

  /// Columns for the candidates of each level: near those of their children, so that few lines cross.
  private static func arranged(
    _ levels: [[CandidateSummary]], _ columns: Int
  ) -> [[(column: Int, record: CandidateSummary)]] {
    var wishes: [Int: [Int]] = [:]
    return levels.map { level in
      func wish(_ record: CandidateSummary) -> Double {
        let wished = wishes[record.id] ?? [0]
        return Double(wished.reduce(0, +)) / Double(wished.count)
      }
      let sorted = level.sorted { (wish($0), $0.id) < (wish($1), $1.id) }
      var next = 0
      return sorted.enumerated().map { index, record in
        // There must be columns left for those that follow.
        let column = max(next, min(Int(wish(record).rounded()), columns - (sorted.count - index)))
        next = column + 1
        for parent in record.origin.parents { wishes[parent, default: []].append(column) }
        return (column: column, record: record)
      }
    }
  }

  /// The picture.
  func svg(_ theme: Theme) -> SVG {
    let title = "Where candidate \(candidate) came from"
    var subtitle = "\(facts.particulars) · its ancestors below it, with validation accuracy"
    if omitted > 0 { subtitle += " · \(omitted) further ancestors are left out" }
    let width = 860.0
    let heading = PictureParts.headingHeight(title: title, subtitle: subtitle, width: width)
    let top = PictureParts.margin + heading
    let fitness = Scale(covering: levels.joined().compactMap(\.record.fitness), unit: .share)
    var picture = SVG(
      title: title, width: width, height: top + 30 + Double(levels.count) * Self.step, theme: theme)
    PictureParts.drawHeading(title: title, subtitle: subtitle, on: &picture)
    PictureParts.drawLegend(
      [
        .init(name: "mutation", paint: theme.paint(.blue)),
        .init(name: "crossover", paint: theme.paint(.vermilion)),
      ], at: Point(PictureParts.margin, top - 4), width: width - 40, on: &picture)
    let slot = (width - 2 * PictureParts.margin) / Double(columns)
    var places: [Int: Point] = [:]
    for (level, records) in levels.enumerated() {
      for (column, record) in records {
        places[record.id] = Point(
          PictureParts.margin + 12 + Double(column) * slot, top + 44 + Double(level) * Self.step)
      }
    }
    drawEdges(places, on: &picture)
    for (_, record) in levels.joined() {
      if let place = places[record.id] { draw(record, at: place, room: slot - 38, fitness, on: &picture) }
    }
    return picture
  }

  /// Lines turn in the free bands between the levels and pass others beside their column, so none crosses text.
  private func drawEdges(_ places: [Int: Point], on picture: inout SVG) {
    for (_, record) in levels.joined() {
      guard let child = places[record.id] else { continue }
      let paint = picture.theme.paint(record.origin.step == .crossover ? .vermilion : .blue)
      for parent in record.origin.parents {
        guard let place = places[parent] else { continue }
        let isNear = place.y - child.y < 1.5 * Self.step
        let lane = isNear ? place.x : place.x - 15
        var path = "M\(SVG.number(child.x)) \(SVG.number(child.y))"
        path += Self.turn(from: Point(child.x, child.y + 19), to: Point(lane, child.y + Self.step - 17))
        if !isNear {
          path += Self.turn(from: Point(lane, place.y - 36), to: Point(place.x, place.y - 14))
        }
        picture.path(path + "L\(SVG.number(place.x)) \(SVG.number(place.y))", stroke: paint, width: 2)
      }
    }
  }

  private static func turn(from start: Point, to end: Point) -> String {
    let middle = SVG.number((start.y + end.y) / 2)
    let (x1, y1, x2, y2) = (
      SVG.number(start.x), SVG.number(start.y), SVG.number(end.x), SVG.number(end.y)
    )
    return "L\(x1) \(y1)C\(x1) \(middle) \(x2) \(middle) \(x2) \(y2)"
  }

  private func draw(
    _ record: CandidateSummary, at place: Point, room: Double, _ fitness: Scale, on picture: inout SVG
  ) {
    let theme = picture.theme
    let accuracy = record.fitness.map { " · \(Figures.percent($0, decimals: 2))" } ?? ""
    let name = TextMetrics.fitted(
      "\(columns > 2 ? "" : "candidate ")\(record.id)\(accuracy)", width: room, size: 13, weight: .bold)
    let origin = record.origin
    let words = [
      origin.step == .initial ? "initial network" : origin.step.rawValue,
      origin.prompt == origin.step.rawValue ? nil : origin.prompt,
      origin.step == .initial ? nil : origin.author.rawValue.replacing("-", with: " "),
      record.generation > 0 ? "generation \(record.generation)" : nil,
    ].compactMap { $0 }
    let made = Markup.line(words.joined(separator: ", "))
    // Where there is little room, the last words go first.
    let choices = words.indices.reversed().map { Markup.line(words[0...$0].joined(separator: ", ")) }
    let line =
      choices.first { TextMetrics.width($0, size: 11.5) <= room }
      ?? TextMetrics.fitted(made, width: room, size: 11.5)
    picture.group(hint: made, address: addresses[record.id]) { picture in
      picture.circle(
        place, radius: 10,
        fill: record.fitness.map { ColourScale.viridis.colour(at: fitness.position($0)).hex }
          ?? theme.paint(.empty),
        stroke: theme.paint(.ink))
      picture.text(name, at: Point(place.x + 17, place.y - 2), size: 13, weight: .bold)
      picture.text(line, at: Point(place.x + 17, place.y + 13), size: 11.5, fill: theme.paint(.muted))
    }
  }
}
