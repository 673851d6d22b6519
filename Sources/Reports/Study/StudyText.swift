import Foundation
import QualityDiversity
import Search

extension StudySummary {
  /// The study for the terminal.
  public var text: String {
    var parts: [String] = []
    for optimum in optima {
      for budget in budgets {
        parts.append(table(data: optimum.data, budget: budget, hasIntervals: false).text)
      }
      parts.append(reachTable(data: optimum.data).text)
    }
    parts.append(optimumTable().text)
    parts.append(correlationTable().text)
    parts.append(notes.map { Comparison.wrapped($0) }.joined(separator: "\n\n"))
    return parts.joined(separator: "\n")
  }

  /// The study as a document in Markdown.
  ///
  /// - Parameter command: the command that writes it.
  public func markdown(command: String) -> String {
    var text = """
      # \(name): \(arms.count) strategies on \(space)

      Written by `\(command)`; do not edit. \(seeds) seeds of each strategy on each data set, budgets of \
      \(budgets.map(String.init).joined(separator: ", ")) evaluations, accuracies of \(family).

      ## How to read it


      """
    text += notes.map { Comparison.wrapped($0) }.joined(separator: "\n\n") + "\n\n"
    text += "## The best there is\n\n" + optimumTable().markdown
    for optimum in optima {
      text += "\n## \(optimum.data)\n"
      for budget in budgets {
        text += "\n### \(budget) evaluations\n\n"
        text += table(data: optimum.data, budget: budget, hasIntervals: true).markdown
      }
      let reach = reachTable(data: optimum.data)
      text +=
        "\n### How soon\n\nMedian evaluations until validation accuracy is within so many points of the best there "
      text += "is, and the share of runs that came so near.\n\n" + reach.markdown
    }
    text += "\n## What is known without training\n\n" + correlationTable().title + ".\n\n"
    return text + correlationTable().markdown
  }

  /// The figures as a table in CSV: a row for each data set, budget and arm; accuracies as shares.
  public var csv: String {
    var rows = [
      [
        "data", "budget", "arm", "runs", "validation", "validation_std", "validation_lower",
        "validation_upper", "test",
        "test_std", "test_lower", "test_upper", "best_test", "best_test_std", "validation_rank", "test_rank",
        "optimum_share", "coverage", "qd_share", "qd_score", "evaluated", "repeated", "illegal",
        "validation_p",
        "test_p", "superiority",
      ]
    ]
    func text(_ value: Double?) -> String { value.map { "\($0)" } ?? "" }
    for row in self.rows {
      let (validation, test) = (row.validation, row.testAtBestValidation)
      rows.append(
        [row.data, "\(row.budget)", row.arm, "\(row.runs)"]
          + [
            validation.mean, validation.deviation, validation.interval?.lower, validation.interval?.upper,
            test.mean, test.deviation, test.interval?.lower, test.interval?.upper, row.bestTestSeen.mean,
            row.bestTestSeen.deviation, row.validationRank, row.testRank, row.optimumShare, row.coverage,
            row.qdShare, row.qdScore, row.evaluated, row.repeated, row.illegal, row.validationP, row.testP,
            row.superiority,
          ].map(text))
    }
    return ArchiveTables.text(rows)
  }
}
