import Foundation
import NetworkGraph
import RandomStreams
import Testing

@testable import Execution

@Suite struct KernelTests {
  /// Every function over the whole range, kinks and special values included, against the C library in double.
  @Test(arguments: InstructionSet.supported)
  func functionsHoldEverywhere(on set: InstructionSet) throws {
    let special: [Float] = [0, -0.0, 3, -3, 6, 20, 88.5, 89, -87, -100, -104, 1e-30, -1e-30, 1e-6, .infinity]
    let sweep = (-4000...4000).map { Float($0) / 200 }
    let x = special + sweep
    for function: UnaryFunction in [
      .gelu, .geluTanh, .silu, .sigmoid, .tanh, .elu(alpha: 1.5), .mish, .softplus, .exponential,
      .errorFunction,
      .hardSwish, .hardSigmoid, .sine, .cosine, .relu6, .tangent, .arcSine, .arcCosine, .arcTangent,
      .hyperbolicSine, .hyperbolicCosine, .inverseHyperbolicSine, .inverseHyperbolicCosine,
      .inverseHyperbolicTangent, .complementaryErrorFunction, .logarithmPlus1, .exponentialMinus1,
      .logarithm2,
      .logarithm10, .reciprocalSquareRoot, .logSigmoid, .softsign, .clamp(lower: -2.5, upper: 88),
      .hardTanh(lower: -1, upper: 1), .floor, .ceiling, .round, .truncate, .sign, .isInfinite, .isFinite,
      .isNaN,
    ] {
      var builder = GraphBuilder()
      let input = builder.input("x", TensorType(.float32, [x.count]))
      builder.setOutputs(try builder.apply(.unary(function), [input]))
      let y = try run(builder.graph, ["x": x], on: set)[0]
      for (x, y) in zip(x, y) {
        let expected = Double(Float(function.reference(Double(x))))
        if expected.isNaN || (x.isInfinite && y.isNaN) { continue }
        let isClose = y == expected || abs(y - expected) <= 1e-6 + 2e-6 * abs(expected)
        #expect(isClose, "\(function)(\(x)) = \(y), not \(expected)")
      }
    }
  }

  @Test(arguments: InstructionSet.supported)
  func notANumberIsNotLost(on set: InstructionSet) throws {
    var builder = GraphBuilder()
    let x = builder.input("x", TensorType(.float32, [1, 1, 4, 5]))
    var outputs: [ValueID] = []
    for function: UnaryFunction in [
      .relu, .relu6, .gelu, .tanh, .sigmoid, .exponential, .elu(alpha: 1), .mish,
    ] {
      outputs += try builder.apply(.unary(function), [x])
    }
    for kind in Reduction.Kind.allCases {
      for axes in [[0, 1, 2, 3], [2], [3]] {
        outputs += try builder.apply(.reduce(Reduction(kind, axes: axes)), [x])
      }
    }
    outputs += try builder.apply(.softmax(axis: 3), [x])
    outputs += try builder.apply(
      .binary(.maximum), [x, builder.constant(.fill(9, TensorType(.float32, [])))])
    outputs += try builder.apply(
      .binary(.minimum), [builder.constant(.fill(-9, TensorType(.float32, []))), x])
    let pooling = Pooling(kernel: Size2D(2, 2), stride: Size2D(2, 2))
    outputs.append(try builder.apply(.maximumPooling(pooling), [x])[0])
    outputs.append(
      try builder.apply(
        .batchNormalization(
          BatchNormalization(isAffine: false, tracksRunningStatistics: false, isTraining: true)),
        [x])[0])
    builder.setOutputs(outputs)
    var values = (0..<20).map(Float.init)
    values[6] = .nan
    for (index, output) in try run(builder.graph, ["x": values], on: set).enumerated() {
      #expect(output.contains { $0.isNaN }, "output \(index)")
    }
  }

  /// Mean and variance of numbers far from 0, where sums in single precision lose everything.
  @Test(arguments: InstructionSet.supported)
  func statisticsAreRobust(on set: InstructionSet) throws {
    var stream = RandomStream(seed: 3)
    let shape = [16, 3, 32, 32]
    let x = (0..<shape.reduce(1, *)).map { _ in Float(1000 + stream.normal()) }
    var builder = GraphBuilder()
    let input = builder.input("x", TensorType(.float32, shape))
    let normalization = BatchNormalization(isAffine: false, tracksRunningStatistics: false, isTraining: true)
    builder.setOutputs(
      try builder.apply(.batchNormalization(normalization), [input])
        + (try builder.apply(.reduce(Reduction(.mean, axes: [0, 2, 3])), [input])))
    let results = try run(builder.graph, ["x": x], on: set)
    for channel in 0..<3 {
      let values = x.enumerated().filter { $0.offset / 1024 % 3 == channel }.map { Double($0.element) }
      let mean = values.reduce(0, +) / Double(values.count)
      let variance = values.reduce(0) { $0 + ($1 - mean) * ($1 - mean) } / Double(values.count)
      #expect(abs(results[1][channel] - mean) < 1e-4)
      #expect(abs(results[3][channel] - mean) < 1e-4)
      #expect(abs(results[2][channel] - 1 / (variance + 1e-5).squareRoot()) < 1e-4)
    }
  }

  /// Each way of doing a convolution against the others, for shapes with more than one tile of columns.
  @Test(arguments: [1, 2, 8])
  func convolutionStrategiesAgree(groups: Int) throws {
    var stream = RandomStream(seed: 2)
    let (images, weight) = ([2, 16, 40, 90], [8, 16 / groups, 3, 5])
    let convolution = Convolution(
      stride: Size2D(1, 1), padding: Size2D(2, 1), paddingAfter: Size2D(0, 3), dilation: Size2D(1, 2),
      groups: groups, hasBias: false)
    let output = [2, 8, 40, 86]
    let x = (0..<images.reduce(1, *)).map { _ in Float(stream.normal()) }
    let w = (0..<weight.reduce(1, *)).map { _ in Float(stream.normal()) }
    let g = (0..<output.reduce(1, *)).map { _ in Float(stream.normal()) }
    func all(_ strategy: ConvolutionLowering.Strategy) throws -> [[Double]] {
      let kernels = try InstructionSet.preferred().kernels()
      let lowering = ConvolutionLowering(
        convolution, images: images, weight: weight, output: output, strategy: strategy)
      let context = LoweringContext(kernels: kernels, inputs: [], outputs: [], drawNumber: 0)
      return [
        try apply(lowering.forward(context), [x, w], g.count),
        try apply(lowering.inputGradient(context), [w, g], x.count),
        try apply(lowering.weightGradient(context), [x, g], w.count),
      ]
    }
    let (columns, direct) = (try all(.columns), try all(.direct))
    for (a, b) in zip(columns, direct) {
      let scale = b.reduce(1) { max($0, abs($1)) }
      #expect(zip(a, b).allSatisfy { abs($0 - $1) < 1e-5 * scale })
    }
  }

  private func apply(_ operation: LoweredOperation, _ inputs: [[Float]], _ count: Int) throws -> [Double] {
    let memory = inputs.map { values in
      let buffer = UnsafeMutableBufferPointer<Float>.allocate(capacity: values.count)
      _ = buffer.initialize(from: values)
      return buffer
    }
    let result = UnsafeMutableBufferPointer<Float>.allocate(capacity: count)
    // What is not written shows.
    result.initialize(repeating: .nan)
    let scratch = UnsafeMutableRawPointer.allocate(
      byteCount: max(64, operation.scratchByteCount), alignment: 64)
    defer {
      for buffer in memory { buffer.deallocate() }
      result.deallocate()
      scratch.deallocate()
    }
    let operands = LoweredOperation.Operands(
      inputs: memory.map { UnsafeMutableRawPointer($0.baseAddress!) },
      outputs: [UnsafeMutableRawPointer(result.baseAddress!)], scratch: scratch,
      kept: scratch)
    try operation.bind(operands)(nil)
    return result.map(Double.init)
  }

  @Test(arguments: InstructionSet.supported)
  func optimizerStepsAgreeWithDefinition(on set: InstructionSet) throws {
    let kernels = try OptimizerKernels(instructionSet: set)
    var stream = RandomStream(seed: 4)
    let count = 37
    for isDecoupled in [false, true] {
      var parameters = (0..<count).map { _ in Float(stream.normal()) }
      var expected = parameters.map(Double.init)
      var (first, second) = ([Float](repeating: 0, count: count), [Float](repeating: 0, count: count))
      var (mean, square) = ([Double](repeating: 0, count: count), [Double](repeating: 0, count: count))
      for step in 1...4 {
        let gradients = (0..<count).map { _ in Float(stream.normal()) }
        kernels.adam(
          &parameters, gradients: gradients, firstMoments: &first, secondMoments: &second, count: count,
          step: step,
          learningRate: 0.01, weightDecay: 0.1, isDecoupled: isDecoupled)
        for index in 0..<count {
          var gradient = Double(gradients[index])
          if isDecoupled { expected[index] *= 1 - 0.01 * 0.1 } else { gradient += 0.1 * expected[index] }
          mean[index] = 0.9 * mean[index] + 0.1 * gradient
          square[index] = 0.999 * square[index] + 0.001 * gradient * gradient
          let root = (square[index] / (1 - pow(0.999, Double(step)))).squareRoot()
          expected[index] -= 0.01 * mean[index] / (1 - pow(0.9, Double(step))) / (root + 1e-8)
        }
      }
      #expect(difference(parameters.map(Double.init), expected) < 1e-5)
    }
    for (momentum, nesterov) in [(0.0, false), (0.9, false), (0.9, true)] {
      var parameters = (0..<count).map { _ in Float(stream.normal()) }
      var expected = parameters.map(Double.init)
      var buffer = [Float](repeating: 0, count: count)
      var velocity = [Double](repeating: 0, count: count)
      for _ in 0..<4 {
        let gradients = (0..<count).map { _ in Float(stream.normal()) }
        kernels.sgd(
          &parameters, gradients: gradients, momentumBuffer: &buffer, count: count, learningRate: 0.1,
          momentum: Float(momentum), weightDecay: 0.01, nesterov: nesterov)
        for index in 0..<count {
          let gradient = Double(gradients[index]) + 0.01 * expected[index]
          velocity[index] = momentum * velocity[index] + gradient
          expected[index] -= 0.1 * (nesterov ? gradient + momentum * velocity[index] : velocity[index])
        }
      }
      #expect(difference(parameters.map(Double.init), expected) < 1e-5)
    }
    var values: [Float] = (0..<count).map { Float($0) }
    #expect(kernels.sumOfSquares(values, count: count) == (0..<count).reduce(0) { $0 + Double($1 * $1) })
    kernels.scale(&values, count: count, by: 0.5)
    #expect(values == (0..<count).map { Float($0) / 2 })
  }

  @Test func instructionSetsAreChosenByName() throws {
    #expect(InstructionSet.supported.contains(.portable))
    #expect(InstructionSet.supported == InstructionSet.supported.sorted())
    #expect(try InstructionSet.choice(named: nil).get() == InstructionSet.supported.last)
    #expect(try InstructionSet.choice(named: "Portable").get() == .portable)
    #expect(throws: ExecutionError.self) { try InstructionSet.choice(named: "sse9").get() }
    for set in InstructionSet.allCases where !InstructionSet.supported.contains(set) {
      #expect(throws: ExecutionError.self) { try InstructionSet.choice(named: set.rawValue).get() }
      #expect(throws: ExecutionError.self) { try set.kernels() }
    }
  }

  @Test func machineIsDescribed() {
    let machine = ExecutionEnvironment.current
    #expect(machine.blasThreadCount == 1)
    #expect(machine.coreCount >= 1)
    #expect(machine.blasConfiguration.contains("OpenBLAS"))
    #expect(!machine.blasCore.isEmpty)
    #expect((machine.instructionSet == nil) != (machine.instructionSetProblem == nil))
  }
}
