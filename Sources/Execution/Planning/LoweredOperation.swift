import NetworkGraph
import RandomStreams

/// What a step does when it runs; the stream is that of the run's random numbers.
///
/// It throws where its operands' values do not fit, such as an index that is out of range.
typealias StepBody = (RandomStream?) throws(ExecutionError) -> Void

/// What one thread does of a step.
typealias PartBody = () -> Void

/// An operation made ready for its kernels: what it needs of the plan, and how it is bound to memory.
struct LoweredOperation {
  /// Where the plan put a step's values.
  struct Operands {
    var inputs: [UnsafeMutableRawPointer]
    var outputs: [UnsafeMutableRawPointer]
    var scratch: UnsafeMutableRawPointer
    /// What the preparation wrote; only where there is one.
    var kept: UnsafeMutableRawPointer
    /// By operand, how many bytes lie between the beginnings of two blocks of images; only in sections by channels.
    var inputSteps: [Int] = []
    var outputSteps: [Int] = []

    func input(_ index: Int) -> UnsafeMutablePointer<Float> {
      inputs[index].assumingMemoryBound(to: Float.self)
    }

    func output(_ index: Int) -> UnsafeMutablePointer<Float> {
      outputs[index].assumingMemoryBound(to: Float.self)
    }

    func integerInput(_ index: Int) -> UnsafeMutablePointer<Int32> {
      inputs[index].assumingMemoryBound(to: Int32.self)
    }

    func integerOutput(_ index: Int) -> UnsafeMutablePointer<Int32> {
      outputs[index].assumingMemoryBound(to: Int32.self)
    }
  }

  /// An output that may lie in an input's place.
  struct InPlace {
    var output: Int
    var input: Int
  }

  /// How an operation is divided among threads.
  struct Division {
    /// Into how many equal pieces it falls; each is computed the same whatever the others in its part.
    var units: Int
    /// Makes the part that does those units.
    var bind: (Operands, Range<Int>) -> PartBody
  }

  /// How an operation on blocks of images is done for some images, or some channels, after the others, with the same
  /// result.
  struct Sections {
    /// Along which axis sections lie side by side.
    enum Axis: Hashable {
      /// A unit is a block of images.
      case images
      /// A unit is a channel of all images.
      case channels
    }

    /// What a section touches of an operand.
    enum Use: Hashable {
      /// All of it; of a result, which is complete only with the last section.
      case whole
      /// Its own units, of so many bytes each.
      case units(byteCount: Int)
    }

    var axis: Axis
    /// Into how many units the axis falls.
    var units: Int
    /// A section has a multiple of so many units, but for the last.
    var multiple = 1
    var inputs: [Use]
    var outputs: [Use]
    /// Whether a section needs what the one before left in scratch memory.
    var keepsScratch = false
    /// Makes the part that does those units; all are done in order.
    ///
    /// Operands that are touched by channels begin with the first of those.
    var bind: (Operands, Range<Int>) -> PartBody
  }

  /// Work on fixed operands that is done once, before the first run.
  struct Preparation {
    /// Memory for what comes of it, which stays.
    var byteCount: Int
    /// Makes the work, once the places are known.
    var bind: (Operands) -> PartBody
  }

  /// Whether the output is the input as it lies in memory, so that nothing is done.
  var isAlias = false
  /// Memory that each part needs while the step runs; its content is lost after it.
  var scratchByteCount = 0
  /// In order of preference.
  var inPlace: [InPlace] = []
  /// Makes the step, once the places are known.
  var bind: (Operands) -> StepBody
  /// Nil where one thread does all.
  var division: Division?
  /// By what it can be done, one axis each; none where it is done at once.
  var sections: [Sections] = []
  /// What it computes, as the number of elements that are read or written in the same time; 0 where that is little.
  var work = 0
  /// What the steps rest on; nil where there is nothing to do.
  var preparation: Preparation?

  /// An operation done by a body.
  init(
    scratchByteCount: Int = 0, inPlace: [InPlace] = [], bind: @escaping (Operands) -> StepBody
  ) {
    self.scratchByteCount = scratchByteCount
    self.inPlace = inPlace
    self.bind = bind
  }

  /// An operation of `units` pieces, of which a body does some.
  init(
    units: Int, scratchByteCount: Int = 0, inPlace: [InPlace] = [],
    bind: @escaping (Operands, Range<Int>) -> PartBody
  ) {
    self.init(scratchByteCount: scratchByteCount, inPlace: inPlace) { operands in
      let body = bind(operands, 0..<units)
      return { _ in body() }
    }
    division = Division(units: units, bind: bind)
  }

  /// An operation that only gives its operand another type.
  static var alias: LoweredOperation {
    var operation = LoweredOperation { _ in { _ in } }
    operation.isAlias = true
    return operation
  }
}

/// What lowering an operation may know.
struct LoweringContext {
  var kernels: Kernels
  /// As they lie in memory: a value in blocks has the shape [⌈N/16⌉, …, 16].
  var inputs: [TensorType]
  /// As they lie in memory.
  var outputs: [TensorType]
  /// By input, whether it lies in blocks.
  var isInBlocks: [Bool] = []
  /// By input, whether it stays the same from run to run.
  var fixed: [Bool] = []
  /// The images of the batch that lies in blocks, whose last may not be full; nil where none does.
  var batch: Int?
  /// The window whose maxima an operand of indices gives the places of, where that is known.
  var pooling: Pooling?
  /// The number of the dropout or random tensor among the graph's, which names its stream.
  var drawNumber: Int

  /// Whether any input lies in blocks.
  var worksInBlocks: Bool { isInBlocks.contains(true) }
  /// Whether input `index` stays the same from run to run.
  func isFixed(_ index: Int) -> Bool { fixed.indices.contains(index) && fixed[index] }
  /// Input `index`'s shape.
  func shape(_ index: Int) -> [Int] { inputs[index].shape }
  /// How many elements input `index` has.
  func count(_ index: Int) -> Int { inputs[index].elementCount }
  /// How many elements input `index` has without what lies behind the last image of blocks.
  func imageElementCount(_ index: Int) -> Int {
    guard isInBlocks.indices.contains(index), isInBlocks[index], let batch, let blocks = shape(index).first
    else { return count(index) }
    return count(index) / (blocks * Layout.blockSize) * batch
  }
  /// How many elements output 0 has.
  var outputCount: Int { outputs[0].elementCount }
}

extension Operation {
  /// The operation made ready for its kernels; nil for leaves, which are no steps.
  ///
  /// - Throws: `ExecutionError.tooLarge` where extents do not fit the kernels.
  func lowered(_ context: LoweringContext) throws(ExecutionError) -> LoweredOperation? {
    switch self {
    case .input, .parameter, .buffer, .constant: nil
    case .convolution(let convolution):
      try context.convolution(FusedConvolution(convolution: convolution))
    case .convolutionInputGradient(let convolution, let shape):
      try context.convolutionInputGradient(FusedInputGradient(convolution: convolution, images: shape))
    case .convolutionWeightGradient(let convolution, let shape):
      try context.convolutionWeightGradient(convolution, weight: shape)
    case .linear(let hasBias): try context.linear(hasBias: hasBias)
    case .matrixMultiply(let transposeLeft, let transposeRight):
      try context.matrixMultiply(transposeLeft: transposeLeft, transposeRight: transposeRight)
    case .attention(let attention): context.attention(FusedAttention(attention, inputs: context.inputs))
    case .attentionGradient(let attention):
      context.attentionGradient(FusedAttentionGradient(attention, inputs: context.inputs))
    case .batchNormalization(let normalization):
      context.normalization(FusedNormalization(normalization: normalization))
    case .batchNormalizationGradient(let normalization): context.normalizationGradient(normalization)
    case .layerNormalization(let normalization): context.layerNormalization(normalization)
    case .layerNormalizationGradient(let normalization): context.layerNormalizationGradient(normalization)
    case .unary(let function): context.unary(function)
    case .unaryGradient(let function): context.unaryGradient(function)
    case .binary(let function): context.binary(function)
    case .select: context.select()
    case .cast(let type): context.cast(to: type)
    case .dropout(let dropout): context.dropout(dropout)
    case .random(let random): context.random(random)
    case .detach: .alias
    case .maximumPooling(let pooling): context.maximumPooling(pooling)
    case .maximumPoolingGradient: context.maximumPoolingGradient()
    case .averagePooling(let pooling): context.averagePooling(pooling)
    case .averagePoolingGradient(let pooling, _): context.averagePoolingGradient(pooling)
    case .adaptiveAveragePooling: context.adaptiveAveragePooling()
    case .adaptiveAveragePoolingGradient: context.adaptiveAveragePoolingGradient()
    case .adaptiveMaximumPooling: context.adaptiveMaximumPooling()
    case .reshape: .alias
    case .transpose(let permutation): context.transpose(permutation)
    case .expand: context.expand()
    case .concatenate(let axis): context.concatenate(axis: axis)
    case .slice(let slice): context.slice(slice)
    case .sliceGradient(let slice, _): context.sliceGradient(slice)
    case .pad(let before, _, let value): context.pad(before: before, value: value)
    case .gather(let axis): context.gather(axis: axis)
    case .gatherGradient(let axis, _): context.gatherGradient(axis: axis)
    case .take(let axis): context.take(axis: axis)
    case .takeGradient(let axis, _): context.takeGradient(axis: axis)
    case .argumentOfMaximum(let axis): context.argumentOfExtremum(axis: axis, isMinimum: false)
    case .argumentOfMinimum(let axis): context.argumentOfExtremum(axis: axis, isMinimum: true)
    case .sort(let axis, let isDescending): context.sort(axis: axis, isDescending: isDescending)
    case .reduce(let reduction): context.reduce(reduction)
    case .cumulativeSum(let axis, let isReversed):
      context.cumulativeSum(axis: axis, isReversed: isReversed)
    case .softmax(let axis): context.softmax(axis: axis, isLogarithmic: false)
    case .logSoftmax(let axis): context.softmax(axis: axis, isLogarithmic: true)
    case .crossEntropy(let smoothing): context.crossEntropy(smoothing: smoothing)
    case .crossEntropyGradient(let smoothing): context.crossEntropyGradient(smoothing: smoothing)
    }
  }
}
