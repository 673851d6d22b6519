import Foundation
public import RandomStreams
public import SearchSpaces

/// What distinguishes good architectures: two kernel densities over the choices, of the best and of all others.
///
/// The model of BOHB (Falkner, Klein & Hutter 2018), a tree of Parzen estimators (Bergstra et al. 2011) in which all
/// choices are taken together. For unordered options the kernel is that of Aitchison & Aitken 1976; its bandwidth
/// follows the normal reference rule over the options' numbers, and is kept between the least one and what makes all
/// options equal.
public struct DensityModel<Space: ChoiceSpace>: Sendable {
  /// What may be chosen.
  public struct Settings: Sendable, Hashable {
    /// How many draws from the good ones' density the best is taken of.
    public var samples = 4
    /// The share of architectures that are drawn uniformly in any case.
    public var randomShare = 0.0
    /// The least bandwidth.
    public var minimumBandwidth = 0.3
    /// The share of architectures that count as good.
    public var topShare = 0.15

    /// NATS-Bench's defaults.
    public init(
      samples: Int = 4, randomShare: Double = 0, minimumBandwidth: Double = 0.3, topShare: Double = 0.15
    ) {
      self.samples = max(1, samples)
      self.randomShare = randomShare
      self.minimumBandwidth = minimumBandwidth
      self.topShare = topShare
    }
  }

  private struct Point {
    var options: [Int]
    var fitness: Double
  }

  private struct Density {
    var points: ArraySlice<Point>
    var bandwidths: [Double]
  }

  private let space: Space
  private let settings: Settings
  private let sizes: [Int]
  /// Of each fidelity what is known, the fittest first.
  private var points: [[Point]]

  /// A model that knows nothing.
  public init(space: Space, settings: Settings, fidelities: Int) {
    self.space = space
    self.settings = settings
    sizes = space.choices.map(\.options.count)
    points = Array(repeating: [], count: fidelities)
  }

  /// Takes in a result.
  public mutating func add(_ genotype: Space.Genotype, fitness: Double, fidelity: Int) {
    // Of equals the earlier one is first.
    var (lower, upper) = (0, points[fidelity].count)
    while lower < upper {
      let middle = (lower + upper) / 2
      if points[fidelity][middle].fitness >= fitness { lower = middle + 1 } else { upper = middle }
    }
    points[fidelity].insert(Point(options: space.options(of: genotype), fitness: fitness), at: lower)
  }

  /// A draw that is likely to be good, by the results of the highest fidelity that has enough of them; nil where none
  /// has, or chance wants a uniform one.
  public func sample(using stream: inout RandomStream) -> Space.Genotype? {
    let least = sizes.count + 1
    guard !stream.bernoulli(settings.randomShare), let known = points.last(where: { $0.count >= least + 2 })
    else { return nil }
    let goodCount = min(known.count, max(least, Int(settings.topShare * Double(known.count))))
    let badCount = min(known.count, max(least, Int((1 - settings.topShare) * Double(known.count))))
    let good = density(known.prefix(goodCount))
    let bad = density(known.suffix(badCount))
    var best: (genotype: Space.Genotype, ratio: Double)?
    for _ in 0..<settings.samples {
      guard let datum = stream.element(of: good.points) else { return nil }
      var options = datum.options
      for choice in options.indices where stream.uniform() < good.bandwidths[choice] {
        options[choice] = stream.integer(below: sizes[choice])
      }
      let ratio = max(1e-32, value(options, good)) / max(1e-32, value(options, bad))
      guard best.map({ ratio > $0.ratio }) ?? true, let genotype = try? space.genotype(options: options)
      else {
        continue
      }
      best = (genotype, ratio)
    }
    return best?.genotype
  }

  private func density(_ points: ArraySlice<Point>) -> Density {
    let count = Double(points.count)
    let scale = 1.06 * pow(count, -1 / (4 + Double(sizes.count)))
    let bandwidths = sizes.indices.map { choice in
      let mean = points.reduce(0) { $0 + Double($1.options[choice]) } / count
      let variance = points.reduce(0) { sum, point in
        let distance = Double(point.options[choice]) - mean
        return sum + distance * distance
      }
      let most = Double(sizes[choice] - 1) / Double(sizes[choice])
      return min(most, max(settings.minimumBandwidth, scale * (variance / count).squareRoot()))
    }
    return Density(points: points, bandwidths: bandwidths)
  }

  private func value(_ options: [Int], _ density: Density) -> Double {
    let same = density.bandwidths.map { 1 - $0 }
    let other = zip(density.bandwidths, sizes).map { $0 / Double(max(1, $1 - 1)) }
    var sum = 0.0
    for point in density.points {
      var product = 1.0
      for choice in options.indices {
        product *= point.options[choice] == options[choice] ? same[choice] : other[choice]
      }
      sum += product
    }
    return sum / Double(density.points.count)
  }
}
