import QualityDiversity
import RandomStreams

/// Chooses niches to ask for, near a parent's, and learns in which directions such requests succeed.
///
/// A direction is an axis and whether the niche lies higher or lower on it, such as `macs lower`; upper confidence
/// bounds on the share of hits choose among those in which there is something to gain.
struct NicheChooser: Sendable {
  /// The most cells around a parent's that are looked at.
  private static let reach = 24

  private let descriptors: [DescriptorSettings]
  private(set) var bandit: Bandit<String>

  /// A chooser that knows nothing yet.
  ///
  /// - Throws: where there is no axis with a direction.
  init(_ descriptors: [DescriptorSettings], exploration: Double) throws(BanditError) {
    self.descriptors = descriptors
    let axes = descriptors.filter(\.categories.isEmpty)
    bandit = try Bandit(
      arms: axes.flatMap { ["\($0.name) higher", "\($0.name) lower"] },
      rule: .upperConfidenceBound(exploration: exploration))
  }

  /// A request for a niche near a parent's that is empty or holds less than the mean elite; nil where there is none.
  ///
  /// A direction counts as a failure until more is known, so that a generation does not put all on one.
  mutating func request(
    from cell: Int, in archive: any Archive<Int>, using draw: inout RandomStream
  ) -> NicheRequest? {
    guard let home = archive.region(of: cell) else { return nil }
    let objectives = archive.objectives
    let mean = objectives.isEmpty ? 0 : objectives.reduce(0, +) / Double(objectives.count)
    var targets: [String: [(region: CellRegion, isEmpty: Bool)]] = [:]
    for number in Self.cells(around: cell, in: archive) {
      guard let region = archive.region(of: number), let direction = direction(from: home, to: region)
      else { continue }
      let elite = archive.elite(at: number)
      if let elite, elite.objective >= mean { continue }
      targets[direction, default: []].append((region, elite == nil))
    }
    guard let direction = bandit.choose(among: targets.keys.sorted(), using: &draw),
      let target = draw.element(of: targets[direction] ?? [])
    else { return nil }
    bandit.reward(direction, by: 0)
    return NicheRequest(
      cell: target.region.cell, direction: direction, wish: wish(target.region, from: home),
      isEmpty: target.isEmpty)
  }

  /// Takes in whether a new network came to be in the niche that was asked for.
  mutating func learn(_ request: NicheRequest, from record: CandidateRecord, cell: Int?) {
    guard record.origin.author == .languageModel else { return }
    let isHit = record.verdict.isNetwork && record.verdict.status != .duplicate && cell == request.cell
    bandit.reward(request.direction, by: isHit ? 1 : 0)
  }

  /// The cells that border on a cell, and those that border on them, up to so many.
  private static func cells(around cell: Int, in archive: any Archive<Int>) -> [Int] {
    var found: [Int] = []
    var seen: Set<Int> = [cell]
    var ring = [cell]
    for _ in 0..<2 {
      var next: [Int] = []
      for number in ring {
        for neighbour in archive.neighbours(of: number) where seen.insert(neighbour).inserted {
          next.append(neighbour)
          found.append(neighbour)
          if found.count >= reach { return found }
        }
      }
      ring = next
    }
    return found
  }

  /// The axis along which a niche lies farthest, and on which side; nil where it is in another category.
  private func direction(from home: CellRegion, to region: CellRegion) -> String? {
    var farthest: (name: String, distance: Double)?
    for (axis, settings) in descriptors.enumerated() {
      let distance = region.centroid[axis] - home.centroid[axis]
      if !settings.categories.isEmpty {
        if distance != 0 { return nil }
      } else if abs(distance) > abs(farthest?.distance ?? 0) {
        farthest = (settings.name, distance)
      }
    }
    return farthest.map { "\($0.name) \($0.distance > 0 ? "higher" : "lower")" }
  }

  // MARK: Words

  /// What a network of a niche is like, by the archive's axes.
  private func wish(_ region: CellRegion, from home: CellRegion) -> String {
    let words = descriptors.enumerated().map { axis, settings in
      if !settings.categories.isEmpty {
        let place = Int(region.measures[axis])
        return settings.categories.indices.contains(place)
          ? "the kind '\(settings.categories[place])'" : "the kind \(place)"
      }
      return Self.words(settings, amount(region, from: home, axis), middle: region.measures[axis])
    }
    return words.count > 1
      ? words.dropLast().joined(separator: ", ") + " and " + (words.last ?? "") : words.joined()
  }

  /// How much: `under` or `over` a border of the niche where it lies beyond the parent's, else about its middle.
  private func amount(_ region: CellRegion, from home: CellRegion, _ axis: Int) -> String {
    let distance = region.centroid[axis] - home.centroid[axis]
    if let bounds = region.bounds?[axis], abs(distance) > 1e-9 {
      // The niche at an axis's end takes all that lies beyond.
      if distance < 0, bounds.lower <= descriptors[axis].lower {
        return "under \(NicheWords.count(bounds.upper))"
      }
      if distance > 0, bounds.upper >= descriptors[axis].upper {
        return "over \(NicheWords.count(bounds.lower))"
      }
    }
    if let bounds = region.bounds?[axis] {
      return "\(NicheWords.count(bounds.lower)) to \(NicheWords.count(bounds.upper))"
    }
    return "about \(NicheWords.count(region.measures[axis]))"
  }

  private static func words(_ settings: DescriptorSettings, _ amount: String, middle: Double) -> String {
    switch settings.formula.isEmpty ? settings.name : settings.formula {
    case "parameters", "params": "\(amount) parameters"
    case "macs", "macs_per_example": "\(amount) multiply-accumulates per image"
    case "flops", "flops_per_example": "\(amount) floating-point operations per image"
    case "depth": "\(amount) layers"
    case "width": "\(amount) channels or features in its widest layer"
    case "width_depth_ratio":
      "\(amount) times as many channels in its widest layer as it has layers ("
        + (middle >= 16 ? "wide and shallow" : middle >= 4 ? "wider than deep" : "narrow and deep") + ")"
    default: "\(amount) for '\(settings.name)'"
    }
  }
}
