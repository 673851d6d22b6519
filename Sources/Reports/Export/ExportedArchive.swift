public import Search
public import Training

/// An elite as it is exported; nothing in it depends on time or place, so equal archives give equal bytes.
public struct ExportedElite: Codable, Sendable, Hashable {
  /// The folder of its files: the niche, and of further elites there `-2`, `-3` and so on.
  public var folder: String
  /// The niche's cell.
  public var niche: Int
  /// The candidate's number.
  public var candidate: Int
  /// The generation that found it.
  public var generation: Int
  /// Its place among the elites of its niche, the fittest first; nil of the first.
  public var place: Int?
  /// What the objectives beside fitness measure of it, by their names; nil where the run has none.
  public var objectives: [String: Double]?
  /// Its raw measures by the axes' names.
  public var measures: [String: Double]
  /// Validation accuracy, 0…1; of a network that was trained several times the mean.
  public var fitness: Double
  /// The accuracies of its trainings, of which the first has the weights; nil where it was trained once.
  public var scores: [Double]?
  /// Test accuracy with the stored weights, or the table's of an architecture that was looked up, 0…1; nil where it is not
  /// at hand or was not asked for.
  public var testAccuracy: Double?
  /// What the compiler says of it.
  public var description: NetworkDescription
  /// How it came about.
  public var origin: CandidateOrigin
  /// What became of it.
  public var verdict: Verdict
  /// The models whose replies it is made of, by their names; nil where none wrote it.
  public var models: [String]?
  /// Its first parent, that one's and so on, the nearest first: a hundred at most.
  public var ancestry: [Int]
  /// How many images it was trained on, repetitions and further trainings counted.
  public var imagesSeen: Int?
  /// Tokens that were sent for it, in all requests; nil where no model was asked.
  public var promptTokens: Int?
  /// Tokens that came for it; nil where no model was asked.
  public var completionTokens: Int?
  /// Its source.
  public var source: String
  /// The text of the architecture of a space; nil of networks that were written as code.
  public var architecture: String?

  /// The folder of the elite at that place of its niche; nil is the first.
  static func folder(niche: Int, place: Int?) -> String {
    let digits = String(niche)
    return "niche-" + String(repeating: "0", count: max(0, 4 - digits.count)) + digits
      + (place.map { "-\($0 + 1)" } ?? "")
  }
}

/// Elites of a run, for other programs.
public struct ExportedArchive: Codable, Sendable, Hashable {
  /// The version of this form.
  public var format = 1
  /// The seed of the run.
  public var seed: Int
  /// The data set.
  public var data: String
  /// The axes.
  public var axes: [DescriptorSettings]
  /// How the axes are divided into niches; nil in exports of earlier versions.
  public var archive: ArchiveSettings?
  /// How many niches there are.
  public var niches: Int
  /// The QD score of the whole archive: the sum of the elites' fitness.
  public var qdScore: Double
  /// Mean and deviation of each channel by which images (scaled to 0…1) are normalised; nil where the data set
  /// is not at hand.
  public var normalization: Normalization?
  /// The chosen elites, by niche.
  public var elites: [ExportedElite]
}
