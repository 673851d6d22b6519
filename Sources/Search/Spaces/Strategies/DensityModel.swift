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

  private let space: Space
  private let settings: Settings
  private let sizes: [Int]
  /// Of each fidelity what is known.
  private var points: [RankedOptions]

  /// A model that knows nothing.
  public init(space: Space, settings: Settings, fidelities: Int) {
    self.space = space
    self.settings = settings
    sizes = space.choices.map(\.options.count)
    points = Array(repeating: RankedOptions(sizes: sizes), count: fidelities)
  }

  /// Takes in a result.
  public mutating func add(_ genotype: Space.Genotype, fitness: Double, fidelity: Int) {
    points[fidelity].insert(space.options(of: genotype), fitness: fitness)
  }

  /// A draw that is likely to be good, by the results of the highest fidelity that has enough of them; nil where none
  /// has, or chance wants a uniform one.
  public func sample(using stream: inout RandomStream) -> Space.Genotype? {
    let least = sizes.count + 1
    guard !stream.bernoulli(settings.randomShare), let known = points.last(where: { $0.count >= least + 2 })
    else { return nil }
    let goodCount = min(known.count, max(least, Int(settings.topShare * Double(known.count))))
    let badCount = min(known.count, max(least, Int((1 - settings.topShare) * Double(known.count))))
    let good = known.density(0..<goodCount, minimumBandwidth: settings.minimumBandwidth)
    let bad = known.density(
      (known.count - badCount)..<known.count, minimumBandwidth: settings.minimumBandwidth)
    var best: (genotype: Space.Genotype, ratio: Double)?
    for _ in 0..<settings.samples {
      var options = known.options(stream.integer(below: goodCount))
      for choice in options.indices where stream.uniform() < good.bandwidths[choice] {
        options[choice] = stream.integer(below: sizes[choice])
      }
      let ratio = max(1e-32, known.value(options, good)) / max(1e-32, known.value(options, bad))
      guard best.map({ ratio > $0.ratio }) ?? true, let genotype = try? space.genotype(options: options)
      else {
        continue
      }
      best = (genotype, ratio)
    }
    return best?.genotype
  }
}

/// Options of architectures, the fittest first, in one list, so that densities pass over plain numbers.
private struct RankedOptions: Sendable {
  /// A kernel density of some of them.
  struct Density {
    var rows: Range<Int>
    var bandwidths: [Double]
  }

  private let sizes: [Int]
  /// Where the options of a choice begin among all options.
  private let offsets: [Int]
  private var fitnesses: [Double] = []
  /// Row by row, each option by its number among all options.
  private var places: [Int] = []

  init(sizes: [Int]) {
    self.sizes = sizes
    var offsets: [Int] = []
    var sum = 0
    for size in sizes {
      offsets.append(sum)
      sum += size
    }
    self.offsets = offsets
  }

  var count: Int { fitnesses.count }

  func options(_ row: Int) -> [Int] {
    sizes.indices.map { places[row * sizes.count + $0] - offsets[$0] }
  }

  /// Of equals the earlier one is first.
  mutating func insert(_ options: [Int], fitness: Double) {
    var (lower, upper) = (0, count)
    while lower < upper {
      let middle = (lower + upper) / 2
      if fitnesses[middle] >= fitness { lower = middle + 1 } else { upper = middle }
    }
    fitnesses.insert(fitness, at: lower)
    places.insert(contentsOf: zip(options, offsets).map { $0 + $1 }, at: lower * sizes.count)
  }

  func density(_ rows: Range<Int>, minimumBandwidth: Double) -> Density {
    let count = Double(rows.count)
    let scale = 1.06 * pow(count, -1 / (4 + Double(sizes.count)))
    let bandwidths = sizes.indices.map { choice in
      var (sum, squares) = (0, 0)
      var row = rows.lowerBound
      while row < rows.upperBound {
        let option = places[row * sizes.count + choice] - offsets[choice]
        sum += option
        squares += option * option
        row += 1
      }
      let mean = Double(sum) / count
      let variance = max(0, Double(squares) / count - mean * mean)
      let most = Double(sizes[choice] - 1) / Double(sizes[choice])
      return min(most, max(minimumBandwidth, scale * variance.squareRoot()))
    }
    return Density(rows: rows, bandwidths: bandwidths)
  }

  func value(_ options: [Int], _ density: Density) -> Double {
    // What each option contributes to a row's product.
    var factors: [Double] = []
    for choice in sizes.indices {
      let bandwidth = density.bandwidths[choice]
      let other = bandwidth / Double(max(1, sizes[choice] - 1))
      for option in 0..<sizes[choice] { factors.append(option == options[choice] ? 1 - bandwidth : other) }
    }
    var sum = 0.0
    var place = density.rows.lowerBound * sizes.count
    let end = density.rows.upperBound * sizes.count
    let width = sizes.count
    while place < end {
      var product = 1.0
      let next = place + width
      while place < next {
        product *= factors[places[place]]
        place += 1
      }
      sum += product
    }
    return sum / Double(density.rows.count)
  }
}
