#if canImport(Glibc)
  import Glibc
#elseif canImport(Darwin)
  import Darwin
#endif

/// An objective beside fitness, by which a cell keeps a Pareto front.
///
/// It counts 0 at `worst` and 1 at `best`, in proportion in between and beyond; so which of the two is larger says
/// whether much or little is wanted.
public struct ObjectiveSettings: Codable, Sendable, Hashable {
  /// What it is called; where there is no formula, what is measured.
  public var name = ""
  /// What is measured, in the language of descriptors; empty: the name.
  public var formula = ""
  /// The value that counts 0: what is as bad adds nothing to a front's hypervolume.
  public var worst = 1.0
  /// The value that counts 1.
  public var best = 0.0
  /// How values are spread in between.
  public var scale = DescriptorSettings.Scale.linear

  /// An objective.
  public init(
    name: String = "", formula: String = "", worst: Double = 1, best: Double = 0,
    scale: DescriptorSettings.Scale = .linear
  ) {
    self.name = name
    self.formula = formula
    self.worst = worst
    self.best = best
    self.scale = scale
  }

  /// Reads an objective; what is left out keeps its default.
  public init(from decoder: any Decoder) throws {
    let container = try decoder.container(keyedBy: CodingKeys.self)
    name = try container.decode(String.self, forKey: .name)
    formula = try container.decodeIfPresent(String.self, forKey: .formula) ?? formula
    worst = try container.decode(Double.self, forKey: .worst)
    best = try container.decode(Double.self, forKey: .best)
    scale = try container.decodeIfPresent(DescriptorSettings.Scale.self, forKey: .scale) ?? scale
  }

  /// What is measured, as an axis would.
  public var descriptor: DescriptorSettings {
    DescriptorSettings(name: name, formula: formula, lower: 0, upper: 1)
  }

  /// What a value counts; larger is better, and no finite number where the scale has no place for it.
  public func standing(of value: Double) -> Double {
    switch scale {
    case .linear: (value - worst) / (best - worst)
    case .log: (log(value) - log(worst)) / (log(best) - log(worst))
    }
  }
}

extension ArchiveSettings {
  /// Whether cells keep a Pareto front of several objectives.
  public var hasFronts: Bool { !objectives.isEmpty }

  /// What archives rank a network by: its fitness, and what its measured objectives count.
  public func standings(fitness: Double, objectives values: [Double]?) -> [Double] {
    guard hasFronts else { return [fitness] }
    // A network whose objectives are not known cannot be ranked.
    guard let values, values.count == objectives.count else { return [fitness, .nan] }
    return [fitness] + zip(objectives, values).map { $0.standing(of: $1) }
  }
}
