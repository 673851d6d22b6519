import NetworkGraph
import RandomStreams
import Testing
import TorchFrontend

@testable import SearchSpaces

@Suite struct NASBench201CostTests {
  /// One convolution of a network: window, channels in and out, side of the result.
  private struct Convolution {
    var (window, inputs, outputs, side): (Int, Int, Int, Int)
    var weights: Int { window * window * inputs * outputs }
    var macs: Int { weights * side * side }
  }

  /// Parameters and multiply-accumulates, layer by layer, with the live edges found by trying all paths.
  private func counted(_ cell: NASBench201Cell, _ task: NASBench201Task) -> (parameters: Int, macs: Int) {
    func reachesOutput(_ node: Int) -> Bool {
      node == 3
        || NASBench201Cell.edges.enumerated().contains { edge, ends in
          ends.source == node && cell[edge] != .none && reachesOutput(ends.target)
        }
    }
    var (parameters, macs) = (0, 0)
    func add(_ layer: Convolution, isNormalized: Bool, isLive: Bool = true) {
      parameters += layer.weights + (isNormalized ? 2 * layer.outputs : 0)
      macs += isLive ? layer.macs : 0
    }
    var (side, channels) = (task.imageSize, 16)
    add(Convolution(window: 3, inputs: 3, outputs: 16, side: side), isNormalized: true)
    for stage in 0..<3 {
      if stage > 0 {
        side /= 2
        add(Convolution(window: 3, inputs: channels, outputs: 2 * channels, side: side), isNormalized: true)
        add(
          Convolution(window: 3, inputs: 2 * channels, outputs: 2 * channels, side: side), isNormalized: true)
        add(Convolution(window: 1, inputs: channels, outputs: 2 * channels, side: side), isNormalized: false)
        channels *= 2
      }
      for _ in 0..<5 {
        for (edge, ends) in NASBench201Cell.edges.enumerated() {
          let window: Int
          switch cell[edge] {
          case .convolution1x1: window = 1
          case .convolution3x3: window = 3
          default: continue
          }
          add(
            Convolution(window: window, inputs: channels, outputs: channels, side: side), isNormalized: true,
            isLive: reachesOutput(ends.target))
        }
      }
    }
    parameters += 2 * channels + (channels + 1) * task.classCount
    return (parameters, macs + channels * task.classCount)
  }

  @Test(arguments: NASBench201Task.all)
  func costsAreThoseOfAllLayers(task: NASBench201Task) {
    let space = NASBench201Space(task: task)
    for cell in space.all {
      let (parameters, macs) = counted(cell, task)
      #expect(space.parameters(of: cell) == parameters)
      #expect(space.macs(of: cell) == macs)
    }
  }

  @Test func theSpaceHasItsPublishedExtent() {
    let space = NASBench201Space()
    let parameters = space.all.map(space.parameters(of:))
    #expect(parameters.min() == 73_306)
    #expect(parameters.max() == 1_531_546)
    let macs = space.all.map(space.macs(of:))
    #expect(macs.min() == 7_783_040)
    #expect(macs.max() == 220_119_680)
    #expect(space.all.count(where: space.isConnected) == 15_284)
  }

  /// Sixty cells, dead branches and unreached nodes among them, by what the compiler says of their source.
  @Test func figuresAreThoseOfTheCompiledGraph() throws {
    var stream = RandomStream(seed: 1)
    let base = NASBench201Space()
    var cells = (0..<54).map { _ in base.random(using: &stream) }
    cells += try [
      [0, 0, 0, 0, 0, 0],  // nothing
      [3, 3, 0, 3, 0, 0],  // nodes 1 and 2 are dead ends
      [0, 3, 3, 3, 2, 2],  // nothing reaches node 1, whose convolutions are read
      [0, 0, 3, 0, 3, 3],  // nothing reaches the output but biases
      [3, 0, 3, 1, 0, 0],  // node 2 is a dead end behind node 1
      [3, 3, 3, 3, 3, 3],
    ].map(base.genotype(options:))
    for (number, cell) in cells.enumerated() {
      let task = NASBench201Task.all[number % 3]
      let space = NASBench201Space(task: task)
      let network = try space.network(of: cell)
      try network.graph.verify()
      #expect(network.outputShape == [1, task.classCount])
      let (profile, figures) = (network.profile, space.figures(of: cell))
      #expect(Double(profile.parameters) == figures["parameters"], "\(cell)")
      #expect(Double(profile.macs) == figures["macs"], "\(cell)")
      #expect(Double(profile.flops) == figures["flops"], "\(cell)")
      #expect(Double(profile.longestPath) == figures["longest_path"], "\(cell)")
      #expect(profile.parameters == space.parameters(of: cell), "\(cell)")
      #expect(profile.macs == space.macs(of: cell), "\(cell)")
      // Every layer that is applied in training.
      let layers = ["conv2d", "batch_norm", "linear", "avg_pool2d", "adaptive_avg_pool2d"]
      let training = try space.network(of: cell, batch: 2, isTraining: true).profile
      #expect(
        Double(layers.reduce(0) { $0 + (training.operations[$1] ?? 0) }) == figures["depth"],
        "\(cell): \(training.operations)")
    }
  }

  @Test func figuresTellTheCell() throws {
    let space = NASBench201Space(task: .cifar100)
    let cell = try space.genotype(
      from: "|nor_conv_3x3~0|+|nor_conv_3x3~0|nor_conv_1x1~1|+|none~0|skip_connect~1|none~2|")
    let figures = space.figures(of: cell)
    #expect(figures["nor_conv_3x3"] == 2)
    #expect(figures["live_nor_conv_3x3"] == 1)
    #expect(figures["nor_conv_1x1"] == 1)
    #expect(figures["live_nor_conv_1x1"] == 0)
    #expect(figures["none"] == 2)
    #expect(figures["live_none"] == nil)
    #expect(figures["cell_depth"] == 1)
    #expect(figures["cell_paths"] == 1)
    #expect(figures["connected"] == 1)
    #expect(figures["width"] == 100)
    let unconnected = try space.genotype(options: [0, 0, 3, 0, 3, 3])
    #expect(space.figures(of: unconnected)["cell_depth"] == 0)
    #expect(space.figures(of: unconnected)["connected"] == 0)
    let full = try space.genotype(options: [3, 3, 3, 3, 3, 3])
    #expect(space.figures(of: full)["cell_depth"] == 3)
    #expect(space.figures(of: full)["cell_paths"] == 4)
    // The stem, 15 cells of three, two blocks of two, and the dense layer.
    #expect(space.figures(of: full)["longest_path"] == 51)
  }

  @Test func tasksThatCannotBeAreRefused() throws {
    for (classes, size) in [(0, 32), (2_000_000, 32), (10, 30), (10, 0), (10, -4), (10, Int.max - 3)] {
      #expect(throws: SearchSpaceError.self) {
        try NASBench201Task(name: "other", classCount: classes, imageSize: size)
      }
    }
    let task = try NASBench201Task(name: "other", classCount: 7, imageSize: 20)
    let space = NASBench201Space(task: task)
    let cell = try space.genotype(options: [3, 2, 4, 1, 0, 3])
    let profile = try space.network(of: cell).profile
    #expect(profile.macs == space.macs(of: cell))
    #expect(profile.parameters == space.parameters(of: cell))
  }
}
