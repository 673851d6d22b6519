import NetworkGraph
import Testing

@Suite struct RegistryTests {
  @Test func namesAreUnique() {
    let names = OperationCase.all.map(\.name)
    let repeated = Dictionary(grouping: names, by: \.self).filter { $1.count > 1 }.keys
    #expect(repeated.isEmpty)
  }

  /// A number per case of `Operation`; a new case does not compile until it is listed, and fails until it has a row.
  private static func kind(_ operation: Operation) -> Int? {
    switch operation {
    case .input, .parameter, .buffer, .constant: nil
    case .convolution: 0
    case .convolutionInputGradient: 1
    case .convolutionWeightGradient: 2
    case .linear: 3
    case .matrixMultiply: 4
    case .batchNormalization(let normalization): normalization.isTraining ? 5 : 6
    case .batchNormalizationGradient: 7
    case .unary: 8
    case .unaryGradient: 9
    case .binary: 10
    case .dropout: 11
    case .maximumPooling: 12
    case .maximumPoolingGradient: 13
    case .averagePooling: 14
    case .averagePoolingGradient: 15
    case .adaptiveAveragePooling: 16
    case .adaptiveAveragePoolingGradient: 17
    case .adaptiveMaximumPooling: 18
    case .reshape: 19
    case .transpose: 20
    case .expand: 21
    case .concatenate: 22
    case .slice: 23
    case .sliceGradient: 24
    case .pad: 25
    case .reduce: 26
    case .softmax: 27
    case .logSoftmax: 28
    case .crossEntropy: 29
    case .crossEntropyGradient: 30
    case .select: 31
    case .cast(let type): type == .int32 ? 32 : 33
    case .random: 34
    case .detach: 35
    case .gather: 36
    case .gatherGradient: 37
    case .take: 38
    case .takeGradient: 39
    case .argumentOfMaximum: 40
    case .argumentOfMinimum: 41
    case .sort: 42
    case .cumulativeSum: 43
    case .layerNormalization: 44
    case .layerNormalizationGradient: 45
    case .attention: 46
    case .attentionGradient: 47
    }
  }

  @Test func everyOperationHasCases() {
    #expect(Set(OperationCase.all.compactMap { Self.kind($0.operation) }) == Set(0...47))
    let binaries = Set(
      OperationCase.all.compactMap { if case .binary(let f) = $0.operation { f } else { nil } })
    #expect(binaries == Set(BinaryFunction.allCases))
    let unaries = Set(
      OperationCase.all.compactMap { if case .unary(let f) = $0.operation { f.name } else { nil } })
    // As many names as there are cases of `UnaryFunction`, which has associated values and so no `allCases`.
    #expect(unaries.count == 50)
    let reductions = Set(
      OperationCase.all.compactMap { if case .reduce(let r) = $0.operation { r.kind } else { nil } })
    #expect(reductions == Set(Reduction.Kind.allCases))
  }

  @Test(arguments: OperationCase.all)
  func graphsAreWellFormed(_ test: OperationCase) throws {
    let graph = try test.graph()
    try graph.verify()
    #expect(test.values(seed: 1) == test.values(seed: 1))
    #expect(test.values(seed: 1).map(\.count) == test.operands.map(\.type.elementCount))
  }
}
