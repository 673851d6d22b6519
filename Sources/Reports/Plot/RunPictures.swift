public import Search

/// The kinds of picture of a run.
public enum PictureKind: String, Sendable, CaseIterable {
  /// The archive with the fitness of its elites.
  case map
  /// The best per pair of axes, of three axes or more.
  case pairs
  /// The elites as lines across all axes, of three or more.
  case axes
  /// Fitness against each further objective, where cells keep Pareto fronts.
  case fronts
  /// QD score, coverage and best fitness over networks trained, time and tokens.
  case curves
  /// The prompt archive.
  case prompts
  /// The ancestors of an elite.
  case lineage
  /// How often prompts, operators and authors had success.
  case success
  /// What became of the candidates.
  case funnel
}

/// A picture as a file.
public struct PictureFile: Sendable {
  /// What it shows.
  public let kind: PictureKind
  /// The file's text, SVG.
  public let svg: String
}

/// The pictures of a run.
public struct RunPictures: Sendable {
  private let facts: RunFacts

  /// The pictures of a run.
  ///
  /// - Throws: where its file cannot be read or its configuration makes no archive.
  public init(_ run: RunSnapshot) throws(SearchError) { facts = try RunFacts(run) }

  /// The picture of a kind; nil where the run has none, such as a prompt archive before the first generation.
  ///
  /// - Parameters:
  ///   - isDark: whether it is light on dark.
  ///   - candidate: whose lineage is drawn; nil draws the best elite's.
  /// - Throws: where there is no such candidate.
  public func picture(
    _ kind: PictureKind, isDark: Bool = false, candidate: Int? = nil
  ) throws(SearchError) -> PictureFile? {
    let theme: Theme = isDark ? .dark : .light
    let picture: SVG?
    switch kind {
    case .map: picture = ArchivePicture(facts).svg(theme)
    case .pairs: picture = PairsPicture(facts)?.svg(theme)
    case .axes: picture = ParallelAxesPicture(facts)?.svg(theme)
    case .fronts: picture = FrontsPicture(facts)?.svg(theme)
    case .curves: picture = CurvesPicture(facts).svg(theme)
    case .prompts: picture = PromptPicture(facts)?.svg(theme)
    case .success: picture = SuccessPicture(facts).svg(theme)
    case .funnel: picture = FunnelPicture(facts).svg(theme)
    case .lineage:
      guard let number = candidate ?? facts.run.best?.record.id else { return nil }
      guard let lineage = LineagePicture(facts, of: number) else {
        throw SearchError("The run '\(facts.run.header.name)' has no candidate \(number).")
      }
      picture = lineage.svg(theme)
    }
    return picture.map { PictureFile(kind: kind, svg: $0.document) }
  }
}
