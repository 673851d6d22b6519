import NetworkGraph
import RandomStreams
import Testing

private func float(_ shape: Int...) -> TensorType { TensorType(.float32, shape) }

private func int(_ shape: Int...) -> TensorType { TensorType(.int32, shape) }

/// What a shape rule refuses, and how it says so; shapes that fit are checked by running the registry.
@Suite struct ShapeTests {
  struct Refusal: Sendable, CustomTestStringConvertible {
    let identifier: String
    let operation: Operation
    let operands: [TensorType]
    var testDescription: String { identifier }

    init(_ identifier: String, _ operation: Operation, _ operands: TensorType...) {
      (self.identifier, self.operation, self.operands) = (identifier, operation, operands)
    }
  }

  private static let window = Pooling(kernel: Size2D(2, 2), stride: Size2D(2, 2))

  static let refusals: [Refusal] = [
    Refusal(
      "shape.convolution.channels", .convolution(Convolution(hasBias: false)), float(1, 32, 8, 8),
      float(4, 16, 3, 3)),
    Refusal(
      "shape.convolution.groups", .convolution(Convolution(groups: 2, hasBias: false)), float(1, 4, 8, 8),
      float(3, 2, 3, 3)),
    Refusal(
      "shape.convolution.groups", .convolution(Convolution(groups: 0, hasBias: false)), float(1, 4, 8, 8),
      float(3, 2, 3, 3)),
    Refusal(
      "shape.convolution.kernel", .convolution(Convolution(hasBias: false)), float(1, 4, 2, 8),
      float(3, 4, 3, 3)),
    Refusal(
      "shape.convolution.kernel",
      .convolution(Convolution(dilation: Size2D(1 << 31, 1 << 31), hasBias: false)),
      float(1, 1, 8, 8), float(3, 1, 3, 3)),
    Refusal(
      "shape.convolution.dilation", .convolution(Convolution(dilation: Size2D(.max, 1), hasBias: false)),
      float(1, 1, 8, 8), float(3, 1, 3, 3)),
    Refusal(
      "shape.convolution.stride", .convolution(Convolution(stride: Size2D(1, 0), hasBias: false)),
      float(1, 1, 8, 8), float(3, 1, 3, 3)),
    Refusal(
      "shape.convolution.padding", .convolution(Convolution(padding: Size2D(-1, 0), hasBias: false)),
      float(1, 1, 8, 8), float(3, 1, 3, 3)),
    Refusal(
      "shape.convolution.padding", .convolution(Convolution(padding: Size2D(.max, .max), hasBias: false)),
      float(1, 1, 8, 8), float(3, 1, 3, 3)),
    Refusal(
      "shape.convolution.bias", .convolution(Convolution(hasBias: true)), float(1, 1, 8, 8),
      float(3, 1, 3, 3),
      float(4)),
    Refusal(
      "shape.convolution.operands", .convolution(Convolution(hasBias: true)), float(1, 1, 8, 8),
      float(3, 1, 3, 3)),
    Refusal(
      "shape.convolution.rank", .convolution(Convolution(hasBias: false)), float(1, 8, 8), float(3, 1, 3, 3)),
    Refusal(
      "shape.convolution.type", .convolution(Convolution(hasBias: false)), int(1, 1, 8, 8), float(3, 1, 3, 3)),
    Refusal(
      "shape.size", .convolution(Convolution(padding: Size2D(1 << 30, 1 << 30), hasBias: false)),
      float(1, 1, 8, 8), float(3, 1, 3, 3)),
    Refusal("shape.linear.features", .linear(hasBias: false), float(2, 10), float(4, 12)),
    Refusal("shape.linear.features", .linear(hasBias: false), float(), float(4, 12)),
    Refusal("shape.linear.weight", .linear(hasBias: false), float(2, 12), float(12)),
    Refusal("shape.linear.bias", .linear(hasBias: true), float(2, 12), float(4, 12), float(12)),
    Refusal("shape.size", .linear(hasBias: false), float(1 << 20, 2), float(1 << 20, 2)),
    Refusal(
      "shape.matrixMultiply.inner", .matrixMultiply(transposeLeft: false, transposeRight: false), float(2, 3),
      float(4, 5)),
    Refusal(
      "shape.matrixMultiply.rank", .matrixMultiply(transposeLeft: false, transposeRight: false), float(3),
      float(3, 5)),
    Refusal(
      "shape.matrixMultiply.broadcast", .matrixMultiply(transposeLeft: false, transposeRight: false),
      float(2, 3, 4), float(3, 4, 5)),
    Refusal(
      "shape.batchNormalization.channels", .batchNormalization(BatchNormalization(isTraining: false)),
      float(2, 8, 4, 4), float(16), float(8), float(8), float(8)),
    Refusal(
      "shape.batchNormalization.single",
      .batchNormalization(
        BatchNormalization(isAffine: false, tracksRunningStatistics: false, isTraining: true)),
      float(1, 8)),
    Refusal(
      "shape.batchNormalization.statistics",
      .batchNormalization(
        BatchNormalization(isAffine: false, tracksRunningStatistics: false, isTraining: false)),
      float(1, 8)),
    Refusal(
      "shape.batchNormalization.rank",
      .batchNormalization(
        BatchNormalization(isAffine: false, tracksRunningStatistics: false, isTraining: true)),
      float(8)),
    Refusal("shape.add.broadcast", .binary(.add), float(2, 3), float(2, 4)),
    Refusal("shape.add.type", .binary(.add), float(2, 3), int(2, 3)),
    Refusal("shape.divide.type", .binary(.divide), int(2, 3), int(2, 3)),
    Refusal("shape.size", .binary(.add), float(1 << 20, 1), float(1, 1 << 20)),
    Refusal("shape.relu.type", .unary(.relu), int(2, 3)),
    Refusal("shape.relu.operands", .unary(.relu)),
    Refusal("shape.reluGradient.gradient", .unaryGradient(.relu), float(2, 3), float(3, 2)),
    Refusal(
      "shape.dropout.probability", .dropout(Dropout(probability: 1.5, isPerChannel: false)), float(2, 3)),
    Refusal(
      "shape.dropout.probability", .dropout(Dropout(probability: .nan, isPerChannel: false)), float(2, 3)),
    Refusal("shape.maximumPooling.kernel", .maximumPooling(window), float(1, 1, 1, 8)),
    Refusal(
      "shape.maximumPooling.padding",
      .maximumPooling(Pooling(kernel: Size2D(2, 2), stride: Size2D(2, 2), padding: Size2D(2, 2))),
      float(1, 1, 8, 8)),
    Refusal(
      "shape.maximumPooling.stride", .maximumPooling(Pooling(kernel: Size2D(2, 2), stride: Size2D(0, 2))),
      float(1, 1, 8, 8)),
    Refusal(
      "shape.maximumPooling.kernel", .maximumPooling(Pooling(kernel: Size2D(0, 2), stride: Size2D(2, 2))),
      float(1, 1, 8, 8)),
    Refusal(
      "shape.maximumPooling.kernel",
      .maximumPooling(
        Pooling(kernel: Size2D(2, 2), stride: Size2D(1, 1), padding: Size2D(1, 1), dilation: Size2D(2, 2))),
      float(1, 1, 1, 1)),
    Refusal("shape.maximumPooling.rank", .maximumPooling(window), float(8, 8)),
    Refusal(
      "shape.averagePooling.divisor", .averagePooling(AveragePooling(window: window, divisor: 0)),
      float(1, 1, 8, 8)),
    Refusal(
      "shape.averagePoolingGradient.gradient",
      .averagePoolingGradient(AveragePooling(window: window), inputShape: [1, 1, 8, 8]), float(1, 1, 3, 4)),
    Refusal(
      "shape.maximumPoolingGradient.channels", .maximumPoolingGradient(inputShape: [1, 2, 8, 8]),
      float(1, 1, 4, 4), int(1, 1, 4, 4)),
    Refusal(
      "shape.maximumPoolingGradient.indices", .maximumPoolingGradient(inputShape: [1, 1, 8, 8]),
      float(1, 1, 4, 4), float(1, 1, 4, 4)),
    Refusal(
      "shape.adaptiveAveragePooling.output_size", .adaptiveAveragePooling(height: 0, width: 1),
      float(1, 1, 8, 8)),
    Refusal("shape.size", .adaptiveMaximumPooling(height: 1 << 30, width: 1 << 30), float(1, 1, 8, 8)),
    Refusal("shape.reshape.count", .reshape([2, 7]), float(3, 4)),
    Refusal("shape.extent", .reshape([-1, 4]), float(3, 4)),
    Refusal("shape.extent", .unary(.relu), float(3, 0)),
    Refusal("shape.size", .unary(.relu), float(1 << 40, 1 << 40)),
    Refusal("shape.rank", .reshape([Int](repeating: 1, count: 65)), float(1)),
    Refusal("shape.transpose.permutation", .transpose([0, 0]), float(3, 4)),
    Refusal("shape.transpose.permutation", .transpose([1, 0, 2]), float(3, 4)),
    Refusal("shape.expand.extent", .expand([2, 4]), float(3, 4)),
    Refusal("shape.expand.rank", .expand([4]), float(3, 4)),
    Refusal("shape.size", .expand([1 << 40, 1 << 40]), float(1)),
    Refusal("shape.concatenate.extent", .concatenate(axis: 1), float(2, 3, 4), float(2, 3, 5)),
    Refusal("shape.concatenate.rank", .concatenate(axis: 1), float(2, 3, 4), float(2, 3)),
    Refusal("shape.concatenate.axis", .concatenate(axis: 3), float(2, 3, 4)),
    Refusal("shape.concatenate.axis", .concatenate(axis: -1), float(2, 3, 4)),
    Refusal("shape.concatenate.operands", .concatenate(axis: 0)),
    Refusal("shape.concatenate.type", .concatenate(axis: 0), float(2), int(2)),
    Refusal("shape.slice.bounds", .slice(Slice(axis: 1, start: 2, end: 5)), float(2, 4)),
    Refusal("shape.slice.bounds", .slice(Slice(axis: 1, start: -1, end: 2)), float(2, 4)),
    Refusal("shape.slice.empty", .slice(Slice(axis: 1, start: 2, end: 2)), float(2, 4)),
    Refusal("shape.slice.step", .slice(Slice(axis: 1, start: 0, end: 2, step: 0)), float(2, 4)),
    Refusal("shape.slice.axis", .slice(Slice(axis: 2, start: 0, end: 2)), float(2, 4)),
    Refusal("shape.pad.rank", .pad(before: [1], after: [1], value: 0), float(2, 4)),
    Refusal("shape.pad.padding", .pad(before: [1, -1], after: [1, 0], value: 0), float(2, 4)),
    Refusal("shape.pad.padding", .pad(before: [.max, 0], after: [.max, 0], value: 0), float(2, 4)),
    Refusal("shape.reduce.axis", .reduce(Reduction(.sum, axes: [2])), float(2, 4)),
    Refusal("shape.reduce.axes", .reduce(Reduction(.sum, axes: [1, 0])), float(2, 4)),
    Refusal("shape.reduce.axes", .reduce(Reduction(.sum, axes: [1, 1])), float(2, 4)),
    Refusal("shape.softmax.axis", .softmax(axis: 2), float(2, 4)),
    Refusal("shape.crossEntropy.logits", .crossEntropy(labelSmoothing: 0), float(2, 4, 1, 1), int(2)),
    Refusal("shape.crossEntropy.labels", .crossEntropy(labelSmoothing: 0), float(2, 4), int(3)),
    Refusal("shape.crossEntropy.labels", .crossEntropy(labelSmoothing: 0), float(2, 4), float(2)),
    Refusal("shape.crossEntropy.smoothing", .crossEntropy(labelSmoothing: 1.1), float(2, 4), int(2)),
    Refusal("shape.leaf", .input, float(2, 4)),
    Refusal("shape.select.type", .select, float(2), float(2), int(2)),
    Refusal("shape.select.type", .select, int(2), float(2), float(2)),
    Refusal("shape.select.operands", .select, float(2), float(2)),
    Refusal("shape.select.broadcast", .select, float(2), float(3), float(1)),
    Refusal("shape.cast.operands", .cast(.int32)),
    Refusal("shape.clamp.bounds", .unary(.clamp(lower: .nan, upper: 1)), float(2)),
    Refusal("shape.arcTangent2.type", .binary(.arcTangent2), int(2), int(2)),
    Refusal("shape.reduce.type", .reduce(Reduction(.mean, axes: [0])), int(2)),
    Refusal("shape.argumentOfMaximum.axis", .argumentOfMaximum(axis: 0), float()),
    Refusal("shape.argumentOfMinimum.axis", .argumentOfMinimum(axis: 2), float(2, 3)),
    Refusal("shape.sort.axis", .sort(axis: -1, isDescending: false), float(2, 3)),
    Refusal("shape.sort.operands", .sort(axis: 0, isDescending: false), float(2, 3), float(2)),
    Refusal("shape.cumulativeSum.axis", .cumulativeSum(axis: 1, isReversed: false), float(2)),
    Refusal("shape.random.operands", .random(RandomTensor(.normal, shape: [2])), float(2)),
    Refusal("shape.random.probability", .random(RandomTensor(.bernoulli(probability: 1.5), shape: [2]))),
    Refusal("shape.random.probability", .random(RandomTensor(.bernoulli(probability: .nan), shape: [2]))),
    Refusal("shape.size", .random(RandomTensor(.uniform, shape: [.max, 2]))),
    Refusal("shape.extent", .random(RandomTensor(.uniform, shape: [0]))),
    Refusal("shape.gather.indices", .gather(axis: 0), float(2, 4), float(2, 4)),
    Refusal("shape.gather.rank", .gather(axis: 0), float(2, 4), int(2)),
    Refusal("shape.gather.axis", .gather(axis: 2), float(2, 4), int(2, 4)),
    Refusal("shape.gather.extent", .gather(axis: 0), float(2, 4), int(2, 5)),
    Refusal(
      "shape.gatherGradient.gradient", .gatherGradient(axis: 0, inputShape: [2, 4]), float(3, 4), int(2, 4)),
    Refusal("shape.gatherGradient.rank", .gatherGradient(axis: 0, inputShape: [2]), float(2, 4), int(2, 4)),
    Refusal("shape.take.indices", .take(axis: 0), float(2, 4), float(2)),
    Refusal("shape.take.axis", .take(axis: -1), float(2, 4), int(2)),
    Refusal("shape.take.axis", .take(axis: 0), float(), int(2)),
    Refusal("shape.rank", .take(axis: 0), float(2), TensorType(.int32, [Int](repeating: 1, count: 65))),
    Refusal("shape.size", .take(axis: 0), float(2, 1 << 20), int(1 << 20)),
    Refusal(
      "shape.takeGradient.gradient", .takeGradient(axis: 0, inputShape: [2, 4]), float(3, 5), int(3)),
    Refusal("shape.size", .takeGradient(axis: 0, inputShape: [.max, .max]), float(3, 5), int(3)),
  ]

  @Test(arguments: refusals)
  func areRefused(_ refusal: Refusal) {
    do {
      let types = try refusal.operation.outputTypes(for: refusal.operands)
      Issue.record("\(refusal.operation) gave \(types)")
    } catch {
      #expect(error.identifier == refusal.identifier, "\(error.description)")
    }
  }

  @Test func messagesHaveTheLabelAndTheNumbers() throws {
    var builder = GraphBuilder()
    let images = builder.input("images", float(1, 32, 8, 8))
    let weight = builder.parameter("conv1.weight", float(8, 16, 3, 3), initializer: .constant(0))
    do {
      _ = try builder.apply(.convolution(Convolution(hasBias: false)), [images, weight], label: "conv1")
      Issue.record("16 channels took 32")
    } catch {
      #expect(error.description.hasPrefix("conv1: expected 16 input channels but the input has 32"))
    }
    do {
      _ = try builder.apply(.unary(.relu), [ValueID(99)])
      Issue.record("a value that is not there was read")
    } catch {
      #expect(error.identifier == "graph.value")
    }
  }

  @Test func sizesDoNotOverflow() {
    #expect(TensorType(.float32, [.max, .max]).elementCount == .max)
    #expect(TensorType(.float32, []).elementCount == 1)
  }

  /// Whatever the numbers, a rule answers or throws; it never traps.
  @Test func hostileNumbersNeverTrap() {
    var stream = RandomStream(seed: 11).stream("hostile")
    let numbers = [
      Int.min, -(1 << 62), -(1 << 31), -7, -1, 0, 1, 2, 3, 5, 8, 64, 1 << 16, 1 << 31, (1 << 31) + 1, 1 << 62,
      Int.max,
    ]
    func number() -> Int {
      stream.bernoulli(0.6) ? 1 + stream.integer(below: 8) : numbers[stream.integer(below: numbers.count)]
    }
    func size() -> Size2D { Size2D(number(), number()) }
    func shape() -> [Int] {
      (0..<(stream.bernoulli(0.7) ? 4 : stream.integer(below: 6))).map { _ in number() }
    }
    var accepted = 0
    for _ in 0..<20_000 {
      let convolution = Convolution(
        stride: size(), padding: size(), paddingAfter: size(), dilation: size(), groups: number(),
        hasBias: false)
      let pooling = Pooling(
        kernel: size(), stride: size(), padding: size(), dilation: size(), roundsUp: stream.bernoulli(0.5))
      let slice = Slice(axis: number(), start: number(), end: number(), step: number())
      let operations: [Operation] = [
        .convolution(convolution), .convolutionInputGradient(convolution, inputShape: shape()),
        .convolutionWeightGradient(convolution, weightShape: shape()), .linear(hasBias: false),
        .matrixMultiply(transposeLeft: stream.bernoulli(0.5), transposeRight: stream.bernoulli(0.5)),
        .maximumPooling(pooling), .averagePooling(AveragePooling(window: pooling, divisor: number())),
        .maximumPoolingGradient(inputShape: shape()),
        .averagePoolingGradient(AveragePooling(window: pooling), inputShape: shape()),
        .adaptiveAveragePooling(height: number(), width: number()),
        .adaptiveMaximumPooling(height: number(), width: number()),
        .adaptiveAveragePoolingGradient(inputShape: shape()), .reshape(shape()), .transpose(shape()),
        .expand(shape()), .concatenate(axis: number()), .slice(slice),
        .sliceGradient(slice, inputShape: shape()), .pad(before: shape(), after: shape(), value: 0),
        .reduce(Reduction(.sum, axes: shape())), .softmax(axis: number()), .binary(.add),
        .argumentOfMaximum(axis: number()), .sort(axis: number(), isDescending: true),
        .cumulativeSum(axis: number(), isReversed: false), .gather(axis: number()),
        .gatherGradient(axis: number(), inputShape: shape()), .take(axis: number()),
        .takeGradient(axis: number(), inputShape: shape()), .random(RandomTensor(.normal, shape: shape())),
      ]
      let operation = operations[stream.integer(below: operations.count)]
      let operands = (0..<stream.integer(below: 3)).map { index in
        TensorType(index == 1 && stream.bernoulli(0.3) ? .int32 : .float32, shape())
      }
      guard let types = try? operation.outputTypes(for: operands) else { continue }
      accepted += 1
      #expect(types.allSatisfy { (1...TensorType.elementLimit).contains($0.elementCount) })
      #expect(operation.multiplyAccumulates(inputs: operands, outputs: types) >= 0)
    }
    #expect(accepted > 100)
  }
}
