import Foundation
import QualityDiversity
import Reports
import Search
import Synchronization

/// Shows how a search goes: a bar where people watch, a line a generation elsewhere.
final class ProgressBar: Sendable {
  private struct State {
    var generation = 0
    var step = ""
    var finished = 0
    var of = 0
    var shares: [Int: Double] = [:]
    var niches = 0
    var best: Double?
    var stopped = 0
    var score = 0.0
    var isDrawn = false
    var drawnAt = 0.0
    var doneAtStart: Int?
    var paid = 0.0
    var paidAtStart: Double?
    var toldAt = -1.0
  }

  private let state = Mutex(State())
  private let generations: Int
  /// Of a search of a space: how many evaluations it may have.
  private let evaluations: Int?
  private let began = Date()

  init(generations: Int) { (self.generations, evaluations) = (generations, nil) }

  /// The bar of a search of a space, which has so many evaluations and as many generations as come of them.
  init(evaluations: Int) { (generations, self.evaluations) = (0, evaluations) }

  /// Takes in an event and redraws.
  func take(_ event: SearchEvent) {
    state.withLock { state in
      switch event {
      case .generationBegan(let number, let step, let candidates):
        (state.generation, state.step, state.finished, state.of) = (number, step.rawValue, 0, candidates)
        state.shares = [:]
        state.doneAtStart = state.doneAtStart ?? number - 1
      case .candidateFinished(let record, let finished, let total):
        state.shares[record.id] = nil
        (state.finished, state.of) = (finished, total)
        if record.verdict.status == .stopped { state.stopped += 1 }
        if let fitness = record.fitness { state.best = max(state.best ?? 0, fitness) }
      case .trainingAdvanced(let candidate, let share):
        state.shares[candidate] = share
        guard Date().timeIntervalSince(began) - state.drawnAt > 0.2 else { return }
      case .generationFinished(let generation):
        (state.niches, state.score) = (generation.statistics.elites, generation.statistics.qdScore)
        state.best = generation.statistics.best ?? state.best
        state.finished = state.of
        state.generation = generation.number
        let elapsed = Date().timeIntervalSince(began)
        // The generations of a table may be thousands a second.
        if evaluations != nil, elapsed - max(state.toldAt, state.drawnAt) < 0.5 { return }
        state.toldAt = elapsed
        if !Terminal.isInteractive { Terminal.write(line(state, width: 160) + "\n") }
      case .evaluationsPaid(let paid):
        state.paid = paid
        state.paidAtStart = state.paidAtStart ?? paid
        return
      case .notice(let text):
        clear(&state)
        Terminal.note(text)
      }
      if Terminal.isInteractive { draw(&state) }
    }
  }

  /// Ends the bar, so that the next text stands on a line of its own.
  func finish() {
    state.withLock { clear(&$0) }
  }

  private func draw(_ state: inout State) {
    Terminal.write("\r\u{1B}[2K" + line(state, width: Terminal.width - 1))
    state.isDrawn = true
    state.drawnAt = Date().timeIntervalSince(began)
  }

  private func clear(_ state: inout State) {
    if state.isDrawn { Terminal.write("\r\u{1B}[2K") }
    state.isDrawn = false
  }

  private func line(_ state: State, width: Int) -> String {
    guard evaluations == nil else { return spaceLine(state, width: width) }
    let part =
      state.of > 0 ? (Double(state.finished) + state.shares.values.reduce(0, +)) / Double(state.of) : 0
    let done = (Double(max(0, state.generation - 1)) + min(1, part)) / Double(max(1, generations))
    let elapsed = Date().timeIntervalSince(began)
    let start = Double(state.doneAtStart ?? 0) / Double(max(1, generations))
    let left = done > start + 0.01 ? elapsed * (1 - done) / (done - start) : nil
    let text =
      " \(Figures.percent(done, decimals: 0))  generation \(state.generation)/\(generations) \(state.step) "
      + "\(state.finished)/\(state.of)  \(archive(state))"
      + (state.stopped > 0 ? "  stopped \(state.stopped)" : "") + "  \(clock(elapsed))"
      + (left.map { ", \(clock($0)) left" } ?? "")
    return bar(done, text, width: width)
  }

  private func spaceLine(_ state: State, width: Int) -> String {
    let total = Double(max(1, evaluations ?? 1))
    let (done, start) = (min(1, state.paid / total), (state.paidAtStart ?? 0) / total)
    let elapsed = Date().timeIntervalSince(began)
    let left = done > start + 0.01 ? elapsed * (1 - done) / (done - start) : nil
    let text =
      " \(Figures.percent(done, decimals: 0))  evaluations \(Figures.fixed(state.paid, 0))/\(evaluations ?? 0)  "
      + "\(archive(state))  \(clock(elapsed))" + (left.map { ", \(clock($0)) left" } ?? "")
    return bar(done, text, width: width)
  }

  private func archive(_ state: State) -> String {
    "niches \(state.niches)  QD \(Figures.fixed(state.score, 2))  best "
      + (state.best.map { Figures.percent($0) } ?? "–")
  }

  private func bar(_ done: Double, _ text: String, width: Int) -> String {
    let cells = max(8, min(30, width - text.count - 2))
    let full = Int(done * Double(cells))
    return String(
      (String(repeating: "█", count: full) + String(repeating: "░", count: cells - full) + text).prefix(width)
    )
  }

  private func clock(_ seconds: Double) -> String {
    let whole = Int(seconds.rounded())
    return "\(whole / 60):\(whole % 60 < 10 ? "0" : "")\(whole % 60)"
  }
}
