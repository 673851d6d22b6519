import LanguageModels
import QualityDiversity
import Search
import Training

/// A candidate as an article of a page: figures, curve, source, difference to its parent, exchange, lineage.
struct CandidateArticle: Sendable {
  /// The candidate.
  var record: CandidateRecord
  /// The niche it is the elite of; nil where it is none.
  var niche: Int?
  /// The source of its first parent.
  var parentSource: String?
  /// The exchange with a model that it came of.
  var exchange: ChatExchange?
  /// The exchanges in which the model was told that its reply is no network, in order.
  var repairs: [ChatExchange] = []
  /// Its ancestors by first parents, the nearest first, with their fitness.
  var ancestors: [(id: Int, fitness: Double?)]
  /// Those of its children that are on the page.
  var children: [Int]
  /// The archive's axes.
  var axes: [MeasureAxis]
  /// The candidates that are on the page, so that links lead somewhere.
  var present: Set<Int>

  /// The article.
  var html: HTML {
    """
    <article id="candidate-\(record.id)" aria-labelledby="candidate-\(record.id)-title">
    <h3 id="candidate-\(record.id)-title">Candidate \(record.id)\(standing)</h3>
    <dl>\(HTML(facts.map { "<dt>\($0.name)</dt><dd>\($0.value)</dd>" as HTML }))</dl>
    \(curve)
    \(source)
    \(difference)
    \(talk)
    </article>
    """
  }

  private var standing: HTML { niche.map { ", elite of niche \($0)" } ?? "" }

  private func link(_ candidate: Int) -> HTML {
    present.contains(candidate) ? "<a href=\"#candidate-\(candidate)\">\(candidate)</a>" : "\(candidate)"
  }

  private var facts: [(name: String, value: HTML)] {
    var facts: [(name: String, value: HTML)] = []
    func add(_ name: String, _ text: String?) {
      if let text { facts.append((name, HTML(escaping: text))) }
    }
    add("validation accuracy", record.fitness.map { Figures.percent($0, decimals: 2) } ?? "none")
    for (axis, measure) in zip(axes, record.measures ?? []) {
      add(MeasureAxis.words(axis.name), axis.category(of: measure) ?? Scale.label(measure))
    }
    if let network = record.description {
      let named = Set(axes.map { MeasureAxis.words($0.name) })
      for (name, figure) in [("parameters", network.parameters), ("MACs", network.macs)]
      where !named.contains(name) {
        add(name, Scale.label(Double(figure)))
      }
      add("width, depth", "\(network.width), \(network.depth)")
    }
    add("came of", Self.origin(record))
    if !record.origin.parents.isEmpty {
      facts.append(
        (record.origin.parents.count > 1 ? "parents" : "parent", HTML.list(record.origin.parents.map(link))))
    }
    if let request = record.origin.request { facts += self.facts(of: request) }
    facts.append(("verdict", verdict))
    if let evaluation = record.evaluation {
      let effort =
        "\(Figures.short(Double(evaluation.imagesSeen))) images, \(Figures.fixed(evaluation.seconds, 1)) s"
      // An architecture of a space was looked up.
      if record.origin.form == .genotype {
        add("training by the table", effort)
      } else {
        add("training", "\(evaluation.epochs.count) epochs, " + effort)
      }
    }
    if !ancestors.isEmpty {
      let chain = ancestors.map { ancestor -> HTML in
        "\(link(ancestor.id))\(ancestor.fitness.map { " (\(Figures.percent($0)))" } ?? "")"
      }
      facts.append(("lineage", HTML.list([link(record.id)] + chain, separator: " ← ")))
    }
    if !children.isEmpty { facts.append(("children", HTML.list(children.map(link)))) }
    return facts
  }

  /// What else it was asked for with.
  private func facts(of request: CandidateRequest) -> [(name: String, value: HTML)] {
    var facts: [(name: String, value: HTML)] = []
    if !request.inspirations.isEmpty { facts.append(("shown", HTML.list(request.inspirations.map(link)))) }
    if let niche = request.niche {
      let kind = niche.isEmpty ? "empty" : "weak"
      let met = niche.isHit.map { $0 ? "; it is there" : "; it is elsewhere" } ?? ""
      facts.append(
        ("asked for niche \(niche.cell)", "\(niche.wish) (\(niche.direction), \(kind))\(met)"))
    }
    if let prompt = request.prompt {
      facts.append(("prompt of its own", "\(prompt.text) (written out of \(prompt.parent))"))
    }
    if !request.repairs.isEmpty {
      let end = record.verdict.isNetwork ? "then it was a network" : "it was none in the end"
      let rounds = request.repairs.count
      facts.append(("asked again", "\(rounds) \(rounds == 1 ? "time" : "times"); \(end)"))
    }
    return facts
  }

  private static func origin(_ record: CandidateRecord) -> String {
    let origin = record.origin
    guard origin.step != .initial else { return "the initial network" }
    return "\(origin.step.rawValue) in generation \(record.generation) by \(origin.author.rawValue) "
      + "(\(origin.form.rawValue))" + (origin.prompt.map { ", prompt \($0)" } ?? "")
      + (origin.temperature.map { ", temperature \(Figures.fixed($0, 3))" } ?? "")
  }

  private var verdict: HTML {
    let verdict = record.verdict
    var text: HTML = "\(verdict.status.rawValue)"
    if let twin = verdict.twin { text += " of \(link(twin))" }
    if let reason = verdict.reason { text += ": \(reason)" }
    let notes =
      verdict.applied.map { "applied: \($0)" } + verdict.refusedEdits.map { "refused: \($0)" }
      + verdict.healed.map { "healed: \($0)" }
    return text + HTML(notes.map { "<br/>\($0)" as HTML })
  }

  private var curve: HTML {
    guard let epochs = record.evaluation?.epochs, epochs.count > 1 else { return "" }
    func samples(_ value: (TrainingOutcome.Epoch) -> Double) -> [LineChart.Sample] {
      epochs.enumerated().map { LineChart.Sample(x: Double($0.offset + 1), y: value($0.element)) }
    }
    let chart = LineChart(
      title: "Accuracy while training", x: .init(title: "epoch", unit: .count),
      y: .init(title: "accuracy", unit: .share),
      series: [
        .init(name: "validation", samples: samples(\.validationAccuracy)),
        .init(name: "training", samples: samples(\.trainingAccuracy), isDashed: true),
      ], width: 560, height: 300)
    return "<figure>\(HTML(chart.svg(.page)))</figure>"
  }

  private var source: HTML {
    guard let source = record.source else { return "<p>No source came of it.</p>" }
    let (text, note) = HTML.cut(source)
    return """
      <details open="open"><summary>Source</summary>
      <pre>\(SourceHighlight.html(text))</pre>\(note)</details>
      """
  }

  private var difference: HTML {
    guard let parent = record.origin.parents.first, let before = parentSource, let after = record.source
    else {
      return ""
    }
    // What is too long for a difference is there as source.
    guard before.utf8.count + after.utf8.count < 120_000 else { return "" }
    return """
      <details><summary>Difference to candidate \(parent)</summary>
      \(HTML.difference(SourceDiff(before, after)))</details>
      """
  }

  private var talk: HTML {
    guard let exchange else { return "" }
    func part(_ name: String, _ content: String) -> HTML {
      let (text, note) = HTML.cut(content, bytes: 16_000)
      return "<h4>\(name)</h4><pre class=\"wrap\">\(text)</pre>\(note)"
    }
    var parts = exchange.request.messages.map { part($0.role.rawValue, $0.content) }
    var summary = exchange.identity.model
    func outcome(_ exchange: ChatExchange) -> HTML {
      switch exchange.outcome {
      case .reply(let reply): part("reply", reply.content)
      case .failure(let failure): part("failure", failure.description)
      }
    }
    if case .reply(let reply) = exchange.outcome {
      summary +=
        ", \(reply.usage.promptTokens) tokens in, \(reply.usage.completionTokens) out, "
        + "\(Figures.fixed(reply.latencySeconds, 1)) s"
    }
    parts.append(outcome(exchange))
    for repair in repairs {
      // What was said before stands above.
      parts += repair.request.messages.suffix(1).map { part("\($0.role.rawValue), asked again", $0.content) }
      parts.append(outcome(repair))
    }
    return "<details><summary>Exchange with the model (\(summary))</summary>\(HTML(parts))</details>"
  }
}

extension HTML {
  /// Pieces with something between.
  static func list(_ pieces: [HTML], separator: String = ", ") -> HTML {
    var result: HTML = ""
    for (index, piece) in pieces.enumerated() {
      if index > 0 { result += HTML(escaping: separator) }
      result += piece
    }
    return result
  }
}
