import RunStore
import Search
import Training

extension RunVerifier {
  /// Holds what each training took and gave against the run's settings and against the others'.
  func verifyTrainings() throws {
    let settings = run.header.configuration.training
    // What a whole training sees is the same for all: as many whole batches of the same examples.
    var whole: (candidate: Int, images: Int)?
    for candidate in run.candidates {
      func fail(_ states: String, _ expected: String) -> Disagreement {
        Disagreement(table: "candidates", row: "id \(candidate.id)", states: states, expected: expected)
      }
      guard let training = candidate.evaluation else {
        if let fitness = candidate.fitness {
          throw fail("fitness \(fitness) and no training", "both")
        }
        continue
      }
      guard training.seconds >= 0 else { throw fail("\(training.seconds) seconds", "0 at least") }
      guard training.imagesSeen >= 0, training.imagesSeen.isMultiple(of: settings.batchSize) else {
        throw fail(
          "\(training.imagesSeen) images seen", "a multiple of the batch size \(settings.batchSize)")
      }
      if training.stopReason == .completed {
        let other = whole ?? (candidate.id, training.imagesSeen)
        guard training.imagesSeen == other.images else {
          throw fail(
            "\(training.imagesSeen) images seen",
            "\(other.images), as candidate \(other.candidate) saw in as many epochs")
        }
        // A product of what a damaged file says might be no number any more.
        let batches = training.imagesSeen / max(1, settings.batchSize)
        guard batches > 0, batches.isMultiple(of: settings.epochs) else {
          throw fail(
            "\(training.imagesSeen) images seen",
            "\(settings.epochs) times as many as are in whole batches of \(settings.batchSize)")
        }
        whole = other
      }
    }
    try verifyCurves(epochs: settings.epochs)
  }

  /// A whole training has all epochs, a stopped one no more than it began, and a fitness is the accuracy after the last.
  private func verifyCurves(epochs: Int) throws {
    let trained = run.candidates.filter { $0.evaluation != nil }
    for start in stride(from: 0, to: trained.count, by: 1000) {
      let chunk = trained[start..<min(trained.count, start + 1000)]
      let curves = try store.curves(of: chunk.map(\.id))
      for candidate in chunk {
        let curve = curves[candidate.id] ?? []
        func fail(_ expected: String) -> Disagreement {
          Disagreement(
            table: "epochs", row: "candidate \(candidate.id)", states: "\(curve.count) rows",
            expected: expected)
        }
        switch candidate.evaluation?.stopReason {
        case .completed:
          guard curve.count == epochs else { throw fail("\(epochs), since its training was completed") }
        case .some(let reason):
          guard curve.count <= reason.epoch ?? epochs else {
            throw fail("\(reason.epoch ?? epochs) at most, since its training was stopped there")
          }
        case nil: break
        }
        guard let fitness = candidate.fitness else { continue }
        guard let last = curve.last else { throw fail("some, since it has a fitness") }
        guard last.validationAccuracy == fitness else {
          throw Disagreement(
            table: "candidates", row: "id \(candidate.id)", states: "fitness \(fitness)",
            expected: "\(last.validationAccuracy), the accuracy after its last epoch")
        }
      }
    }
  }
}

extension StopReason {
  /// The epoch in which a training was stopped.
  fileprivate var epoch: Int? {
    switch self {
    case .completed: nil
    case .nonFiniteLoss(let epoch, _), .diverged(let epoch, _), .stalled(let epoch, _),
      .outclassed(let epoch, _), .cancelled(let epoch, _):
      epoch
    }
  }
}
