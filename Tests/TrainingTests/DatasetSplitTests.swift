import Foundation
import RandomStreams
import Testing

@testable import Training

@Suite struct DatasetSplitTests {
  /// Images of one pixel, unevenly many of each class.
  private func data(seed: UInt64, classes: Int = 4, count: Int = 200) throws -> PublishedDataset {
    var random = RandomStream(seed: seed)
    let weights = (1...classes).map(Double.init)
    let labels = (0..<count).map { _ in Int32(random.weightedIndex(weights) ?? 0) }
    let dataset = try ImageDataset(
      name: "toy", channels: 1, height: 1, width: 1, classNames: (0..<classes).map(String.init),
      images: labels.map { UInt8($0) }, labels: labels)
    return try PublishedDataset(training: dataset, test: dataset)
  }

  @Test(arguments: 0..<20) func partsAreDisjointStratifiedAndComplete(seed: UInt64) throws {
    let data = try data(seed: seed)
    let fraction = 0.05 + 0.04 * Double(seed)
    let split = try DatasetSplit(
      data, configuration: SplitConfiguration(validationFraction: fraction), stream: RandomStream(seed: seed))
    #expect((split.training.indices + split.validation.indices).sorted() == Array(0..<data.training.count))
    for label in 0..<Int32(4) {
      let all = data.training.labels.count { $0 == label }
      let held = split.validation.indices.count { data.training.labels[$0] == label }
      #expect(abs(Double(held) - fraction * Double(all)) <= 0.5)
    }
    #expect(split.test.indices == Array(0..<data.test.count))
  }

  @Test func seedsDecide() throws {
    let data = try data(seed: 1)
    func split(_ seed: UInt64) throws -> DatasetSplit {
      try DatasetSplit(data, stream: RandomStream(seed: seed))
    }
    #expect(try split(1) == split(1))
    #expect(try split(1).validation.indices.sorted() != split(2).validation.indices.sorted())
  }

  @Test func limitsTakePrefixesOfAPermutation() throws {
    let data = try data(seed: 1)
    func split(_ training: Int?, _ validation: Int?) throws -> DatasetSplit {
      try DatasetSplit(
        data, configuration: SplitConfiguration(trainingLimit: training, validationLimit: validation),
        stream: RandomStream(seed: 5))
    }
    let whole = try split(nil, nil)
    let cut = try split(50, 3)
    #expect(cut.training.indices == Array(whole.training.indices.prefix(50)))
    #expect(cut.validation.indices == Array(whole.validation.indices.prefix(3)))
    #expect(try split(10_000, nil).training.count == whole.training.count)
  }

  @Test func senselessSplitsAreRefused() throws {
    let data = try data(seed: 1)
    for configuration in [
      SplitConfiguration(validationFraction: 0), SplitConfiguration(validationFraction: 1),
      SplitConfiguration(validationFraction: .nan), SplitConfiguration(trainingLimit: 0),
      SplitConfiguration(validationLimit: -1), SplitConfiguration(validationFraction: 1e-6),
    ] {
      #expect(throws: DatasetError.self) {
        try DatasetSplit(data, configuration: configuration, stream: RandomStream(seed: 1))
      }
    }
    #expect(throws: DatasetError.self) { try DatasetPart(data.training, indices: [0, 200]) }
    #expect(throws: DatasetError.self) {
      try ImageDataset(
        name: "x", channels: 1, height: 2, width: 2, classNames: ["a"], images: [1, 2, 3], labels: [0])
    }
    #expect(throws: DatasetError.self) {
      try ImageDataset(
        name: "x", channels: 1, height: 1, width: 1, classNames: ["a"], images: [1], labels: [1])
    }
  }

  @Test func configurationsRefuseUnknownKeys() throws {
    let decoder = JSONDecoder()
    let read = try decoder.decode(SplitConfiguration.self, from: Data(#"{"trainingLimit": 7}"#.utf8))
    #expect(read == SplitConfiguration(trainingLimit: 7))
    #expect(throws: DecodingError.self) {
      try decoder.decode(SplitConfiguration.self, from: Data(#"{"traningLimit": 7}"#.utf8))
    }
  }

  @Test func normalizationIsThatOfTheNaiveSums() throws {
    var random = RandomStream(seed: 4)
    let pixels = (0..<6 * 2 * 5 * 3).map { _ in UInt8(truncatingIfNeeded: random.next()) }
    let dataset = try ImageDataset(
      name: "x", channels: 2, height: 5, width: 3, classNames: ["a"], images: pixels,
      labels: [Int32](repeating: 0, count: 6))
    let part = try DatasetPart(dataset, indices: [4, 0, 3])
    let normalization = Normalization(of: part)
    for channel in 0..<2 {
      let values = part.indices.flatMap { image in
        (0..<15).map { Double(pixels[(image * 2 + channel) * 15 + $0]) / 255 }
      }
      let mean = values.reduce(0, +) / 45
      let variance = values.reduce(0) { $0 + ($1 - mean) * ($1 - mean) } / 45
      #expect(abs(normalization.mean[channel] - mean) < 1e-12)
      #expect(abs(normalization.deviation[channel] - variance.squareRoot()) < 1e-12)
    }
    let (images, labels) = try part.batch(at: [0, 1, 2], normalization: normalization)
    #expect(labels == [0, 0, 0])
    #expect(abs(images.reduce(0, +)) < 1e-3)
    let squares = images.reduce(0) { $0 + $1 * $1 }
    #expect(abs(squares / Float(images.count) - 1) < 1e-4)
    #expect(throws: DatasetError.self) { try part.batch(at: [3], normalization: normalization) }
  }

  @Test func aConstantChannelIsNotDividedByZero() throws {
    let dataset = try ImageDataset(
      name: "x", channels: 1, height: 1, width: 2, classNames: ["a"], images: [51, 51], labels: [0])
    let normalization = Normalization(of: DatasetPart(dataset))
    #expect(normalization.deviation == [1])
    #expect(abs(normalization.mean[0] - 0.2) < 1e-12)
  }
}
