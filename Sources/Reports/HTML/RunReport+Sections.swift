import QualityDiversity
import RunStore
import Search

extension RunReport {
  /// The sections in the order in which they are read.
  var sections: [HTMLPage.Section] {
    [
      .init(name: "summary", title: "What was found", content: summary),
      .init(name: "map", title: "The map", content: map),
      .init(name: "elites", title: "The best elites", content: eliteTable),
      .init(name: "curves", title: "How the archive grew", content: curves),
      .init(name: "funnel", title: "What became of the candidates", content: funnel),
      .init(name: "success", title: "What prompts, operators and authors came to", content: success),
      .init(name: "prompts", title: "The prompt archive", content: prompts),
      .init(name: "lineage", title: "Where the best elite came from", content: lineage),
      .init(name: "configuration", title: "Configuration", content: configuration),
      .init(name: "again", title: "How to do it again", content: again),
    ]
  }

  private func figure(_ picture: SVG, _ caption: String) -> HTML {
    "<figure>\(HTML(picture))<figcaption>\(caption)</figcaption></figure>"
  }

  // MARK: Figures

  private var summary: HTML {
    let run = facts.run
    let statistics = facts.archive.statistics()
    let last = facts.moments.last
    let usage = run.usage
    var cards: [(name: String, figure: String, what: String)] = [
      facts.hasCells
        ? (
          "niches occupied", "\(statistics.elites) of \(statistics.cells)",
          "niches for which a network was found (coverage \(Figures.percent(statistics.coverage)))"
        )
        : ("elites", "\(statistics.elites)", "networks that are unlike each other; the archive has no cells"),
      (
        "best accuracy", statistics.best.map { Figures.percent($0, decimals: 2) } ?? "–",
        "on validation images, which no network was trained on; the test set was not touched"
      ),
      (
        "QD score", Figures.fixed(statistics.qdScore, 2),
        "the accuracies of all elites added up: it grows with more niches and with better networks"
      ),
    ]
    let (count, time) = ("\(last?.trained ?? 0)", Self.duration(last?.seconds ?? 0))
    let asked = "of \(run.finished.count) that were asked for; the others"
    if facts.isLookedUp {
      cards += [
        ("networks looked up", count, "\(asked) were no architectures or repeated an earlier one"),
        (
          "training time by the table", time,
          "what its makers measured for these networks; nothing was trained here"
        ),
      ]
    } else {
      cards += [
        ("networks trained", count, "\(asked) did not compile or repeated an earlier one"),
        ("training time", time, "added up over threads that trained side by side"),
      ]
    }
    if usage.replies + usage.failures > 0 {
      cards.append(
        (
          "language model", "\(usage.replies) replies",
          "\(Scale.label(Double(usage.promptTokens))) tokens in, \(Scale.label(Double(usage.completionTokens))) out, "
            + "\(usage.failures) failures" + (usage.dollars.map { ", $\(Figures.fixed($0, 4))" } ?? "")
        ))
    }
    if let per = RunStatus.Efficiency(run, trainingSeconds: last?.seconds ?? 0),
      let text = per.text(isLookedUp: facts.isLookedUp),
      let evaluation = per.evaluation
    {
      cards.append(("QD score per network", Figures.fixed(evaluation, 3), "what the score cost: per \(text)"))
    }
    let pieces = cards.map { card -> HTML in
      "<div><dt>\(card.name)</dt><dd>\(card.figure)</dd><dd class=\"what\">\(card.what)</dd></div>"
    }
    let axes = facts.archive.axes.map { MeasureAxis.words($0.name) }.joined(separator: " and ")
    return """
      <p>This search looked for networks on \(run.header.configuration.measurement) (seed \
      \(run.header.configuration.seed)). It does not keep one winner but a map: the best network found for each niche \
      of \(axes). Such a network is called an elite.</p>
      <dl class="figures">\(HTML(pieces))</dl>
      """
  }

  private static func duration(_ seconds: Double) -> String {
    if seconds >= 7200 { return "\(Figures.fixed(seconds / 3600, 1)) h" }
    return seconds >= 120 ? "\(Figures.fixed(seconds / 60, 1)) min" : "\(Figures.fixed(seconds, 1)) s"
  }

  // MARK: Pictures

  private var map: HTML {
    var pieces: [HTML] = [
      figure(
        ArchivePicture(facts, addresses: addresses).svg(.page),
        "Each coloured cell is a niche with its elite. Rest on one to see which network it is, and click to open it."
      )
    ]
    if let pairs = PairsPicture(facts, addresses: addresses) {
      pieces.append(
        figure(pairs.svg(.page), "The same elites for each pair of axes: the best over all other axes."))
    }
    if let axes = ParallelAxesPicture(facts, addresses: addresses) {
      pieces.append(figure(axes.svg(.page), "The same elites as lines through all of their measures."))
    }
    if let fronts = FrontsPicture(facts, addresses: addresses) {
      pieces.append(
        figure(
          fronts.svg(.page),
          "Each niche keeps a front: networks of which none is better in everything. Those in orange no elite of any niche "
            + "beats."))
    }
    return HTML(pieces)
  }

  private var curves: HTML {
    figure(
      CurvesPicture(facts).svg(.page),
      "The archive after each candidate, told anew from the log, over what it had cost until then.")
  }

  private var funnel: HTML {
    figure(
      FunnelPicture(facts).svg(.page),
      facts.isLookedUp
        ? "Accuracies are those of the space's table; nothing was trained here."
        : "Healed sources had channel or feature counts that were made to fit.")
      + repairs + nicheRequests
  }

  private var repairs: HTML {
    guard let repairs = RunStatus.Repairs(facts.run.finished) else { return "" }
    return """
      <p>The first reply for \(repairs.candidates) candidates was no network. The model was told what was wrong in \
      \(repairs.rounds) further requests, and \(repairs.networks) of them became networks.</p>
      """
  }

  /// How requests for niches fared, by direction.
  private var nicheRequests: HTML {
    guard let requests = RunStatus.NicheRequests(facts.run.finished) else { return "" }
    let rows = requests.directions.map { direction -> [HTML.Cell] in
      let share = Double(direction.hits) / Double(max(1, direction.asked))
      return [
        .init(text: direction.direction), .init("\(direction.asked)", order: Double(direction.asked)),
        .init("\(direction.hits)", order: Double(direction.hits)),
        .init(text: Figures.percent(share, decimals: 0), order: share),
      ]
    }
    return HTML.table(
      caption: "Requests for an empty or weak niche, by where it lay from the parent's",
      columns: [
        (title: "direction", isNumeric: false), (title: "asked", isNumeric: true),
        (title: "in the niche", isNumeric: true), (title: "share", isNumeric: true),
      ], rows: rows, isSortable: true)
  }

  private var success: HTML {
    let groups = SuccessCounts(facts).groups
    guard !groups.isEmpty else { return "<p>No candidate was asked for yet.</p>" }
    let hasReplies = facts.hasReplies
    let rows = groups.flatMap { group in
      group.rows.map { row -> [HTML.Cell] in
        [.init(text: group.name), .init(text: row.name)]
          + ([row.asked] + (hasReplies ? [row.replies] : []) + [row.valid, row.entered, row.improved])
          .map { .init("\($0)", order: Double($0)) }
      }
    }
    let columns =
      [("kind", false), ("name", false)]
      + (["asked"] + (hasReplies ? ["replies"] : [])
      + ["compiled", "entered the archive", "improved an elite"]).map { ($0, true) }
    let table = HTML.table(
      caption: "The counts behind the picture",
      columns: columns.map { (title: $0.0, isNumeric: $0.1) }, rows: rows, isSortable: true)
    return figure(SuccessPicture(facts).svg(.page), "Few candidates make wide intervals.")
      + "<details><summary>As a table</summary>\(table)</details>" + models
  }

  /// What a bandit over several models knows of them.
  private var models: HTML {
    guard let standings = RunStatus.ModelStanding.all(of: facts.run) else { return "" }
    let worth =
      switch facts.run.header.configuration.model.banditValue {
      case .improvement: "held a niche when their generation was over"
      case .trainable: "could be trained and repeated no other"
      }
    let rows = standings.map { standing -> [HTML.Cell] in
      [
        .init(text: standing.name), .init("\(standing.pulls)", order: Double(standing.pulls)),
        .init(text: Figures.short(standing.value), order: standing.value),
        .init(text: standing.amount(standing.cost), order: standing.cost),
        .init(
          text: standing.value > 0 ? standing.amount(standing.cost / standing.value) : "–",
          order: standing.valuePerCost ?? 0),
      ]
    }
    let table = HTML.table(
      caption: "The models among which the search chose, by value for cost",
      columns: [
        (title: "model", isNumeric: false), (title: "chosen for", isNumeric: true),
        (title: "of which \(worth)", isNumeric: true), (title: "cost", isNumeric: true),
        (title: "cost of each", isNumeric: true),
      ], rows: rows, isSortable: true)
    return table
  }

  private var prompts: HTML {
    guard let picture = PromptPicture(facts) else { return "<p>The prompt archive is empty.</p>" }
    return figure(picture.svg(.page), "Each dot is a prompt with the temperature that it is asked at.")
  }

  private var lineage: HTML {
    guard let best = facts.run.best?.record.id,
      let picture = LineagePicture(facts, of: best, addresses: addresses)
    else { return "<p>There is no elite yet.</p>" }
    return figure(picture.svg(.page), "Each network was made from those below it.")
  }

  // MARK: Tables

  /// More rows than these nobody reads.
  private static let mostRows = 300

  private var eliteTable: HTML {
    let elites = facts.archive.elites.sorted { ($1.objective, $0.solution) < ($0.objective, $1.solution) }
    guard !elites.isEmpty else { return "<p>The archive is empty.</p>" }
    let axes = facts.archive.axes
    let rows = elites.prefix(Self.mostRows).map { elite -> [HTML.Cell] in
      let record = facts.run.candidate(elite.solution)
      let name: HTML =
        addresses[elite.solution].map { "<a href=\"\($0)\">\(elite.solution)</a>" } ?? "\(elite.solution)"
      var cells = [
        HTML.Cell(name, order: Double(elite.solution)),
        HTML.Cell(text: Figures.percent(elite.objective, decimals: 2), order: elite.objective),
      ]
      cells += zip(axes, elite.measures).map { axis, measure in
        HTML.Cell(text: axis.category(of: measure) ?? Scale.label(measure), order: measure)
      }
      cells.append(
        record?.description.map {
          HTML.Cell(text: Scale.label(Double($0.parameters)), order: Double($0.parameters))
        } ?? HTML.Cell(text: "–", order: 0))
      cells += [
        record?.origin.step.rawValue, record?.origin.prompt,
        record?.origin.author.rawValue.replacing("-", with: " "),
      ].map { HTML.Cell(text: $0 ?? "–") }
      return cells + [HTML.Cell("\(elite.cell)", order: Double(elite.cell))]
    }
    var columns: [(title: String, isNumeric: Bool)] = [("candidate", true), ("accuracy", true)]
    columns += axes.map { (MeasureAxis.words($0.name), true) }
    columns += [
      ("parameters", true), ("step", false), ("prompt", false), ("written by", false), ("niche", true),
    ]
    let cut = elites.count > Self.mostRows ? ": the best \(Self.mostRows) of \(elites.count)" : ""
    return HTML.table(
      caption: "Elites by validation accuracy\(cut)", columns: columns, rows: rows, isSortable: true)
  }

  // MARK: Doing it again

  private var configuration: HTML {
    """
    <p>The whole configuration with all defaults filled in. JSON is YAML, so this is a file that niche run takes.</p>
    <details><summary>Show</summary><pre>\(configurationText)</pre></details>
    """
  }

  private var again: HTML {
    let header = facts.run.header
    let name = Self.quoted(header.name)
    let seed = header.configuration.seed
    return """
      <p>Save the configuration as run.yaml. Equal seeds, replies and machines give equal archives.</p>
      <pre>niche run run.yaml --name again --seed \(seed)                 the search anew
      niche run run.yaml --name again --replay \(name)    the same replies, without a model
      niche export \(name)                                the elites as PyTorch source and weights</pre>
      <dl>
      <dt>run</dt><dd>\(header.name), begun \(header.began)</dd>
      <dt>seed</dt><dd>\(seed)</dd>
      <dt>Niche</dt><dd>\(header.version)</dd>
      <dt>machine</dt><dd>\(header.machine)</dd>
      <dt>author</dt><dd>\(header.authorChoice)</dd>
      </dl>
      """
  }

  /// A word as a shell takes it.
  private static func quoted(_ word: String) -> String {
    let isPlain =
      !word.isEmpty && word.allSatisfy { $0.isASCII && ($0.isLetter || $0.isNumber || "-_./".contains($0)) }
    return isPlain ? word : "'" + word.replacing("'", with: "'\\''") + "'"
  }
}
