import CKernels
import NetworkGraph

extension Range<Int> {
  /// Which part of a sum over `units` the kernels take these units for.
  func portion(of units: Int) -> Int32 {
    (lowerBound == 0 ? Int32(NICHE_FIRST.rawValue) : 0)
      | (upperBound == units ? Int32(NICHE_LAST.rawValue) : 0)
  }
}

extension LoweringContext {
  /// What a section by images touches of a value in blocks.
  func unitUse(_ type: TensorType) -> LoweredOperation.Sections.Use {
    .units(byteCount: type.elementCount / type.shape[0] * type.elementType.byteCount)
  }

  /// What a section by channels touches of a value in blocks.
  func channelUse(_ type: TensorType) -> LoweredOperation.Sections.Use {
    .units(byteCount: type.elementCount / type.shape[1] * type.elementType.byteCount)
  }

  /// Sections whose units are blocks of images, where any operand lies in blocks; each reads its own of all inputs in
  /// blocks, and other inputs whole.
  ///
  /// - Parameters:
  ///   - multiple: of how many blocks a section must have a multiple.
  ///   - keepsScratch: as of `LoweredOperation.Sections`.
  ///   - outputs: what it touches of the results; by default the blocks of the only one.
  ///   - bind: makes the part that does some blocks.
  func imageSections(
    multiple: Int = 1, keepsScratch: Bool = false, outputs uses: [LoweredOperation.Sections.Use]? = nil,
    bind: @escaping (LoweredOperation.Operands, Range<Int>) -> PartBody
  ) -> [LoweredOperation.Sections] {
    guard let index = isInBlocks.firstIndex(of: true) else { return [] }
    return [
      LoweredOperation.Sections(
        axis: .images, units: shape(index)[0], multiple: multiple,
        inputs: inputs.indices.map { isInBlocks[$0] ? unitUse(inputs[$0]) : .whole },
        outputs: uses ?? [unitUse(outputs[0])], keepsScratch: keepsScratch, bind: bind)
    ]
  }

  /// Sections of an operation that is divided by blocks of images.
  func imageSections(_ operation: LoweredOperation) -> [LoweredOperation.Sections] {
    operation.division.map { division in imageSections(bind: division.bind) } ?? []
  }

  /// Sections whose units are channels of all images, where any operand lies in blocks; each reads its own of all inputs
  /// in blocks, and other inputs whole.
  ///
  /// - Parameters:
  ///   - outputs: what it touches of the results; by default the channels of the only one.
  ///   - bind: makes the part that does some channels.
  func channelSections(
    outputs uses: [LoweredOperation.Sections.Use]? = nil,
    bind: @escaping (LoweredOperation.Operands, Range<Int>) -> PartBody
  ) -> [LoweredOperation.Sections] {
    guard let index = isInBlocks.firstIndex(of: true) else { return [] }
    return [
      LoweredOperation.Sections(
        axis: .channels, units: shape(index)[1],
        inputs: inputs.indices.map { isInBlocks[$0] ? channelUse(inputs[$0]) : .whole },
        outputs: uses ?? [channelUse(outputs[0])], bind: bind)
    ]
  }
}

extension LoweredOperation.Operands {
  /// The operands of a section by channels as they are for one block of images.
  func block(_ index: Int) -> LoweredOperation.Operands {
    var own = self
    own.inputs = zip(inputs, inputSteps).map { $0 + index * $1 }
    own.outputs = zip(outputs, outputSteps).map { $0 + index * $1 }
    return own
  }

  /// The operands as they are for the units of a section.
  ///
  /// - Parameters:
  ///   - units: of the section.
  ///   - sections: how the operation is divided.
  ///   - blocks: how many blocks of images there are.
  ///   - local: by operand, whether there is room for one section only.
  func section(
    _ units: Range<Int>, of sections: LoweredOperation.Sections, blocks: Int,
    local: (inputs: [Bool], outputs: [Bool])
  ) -> LoweredOperation.Operands {
    typealias Operand = (memory: UnsafeMutableRawPointer, step: Int)
    func operand(
      _ memory: UnsafeMutableRawPointer, _ use: LoweredOperation.Sections.Use, _ isLocal: Bool
    ) -> Operand {
      guard case .units(let byteCount) = use else { return (memory, 0) }
      switch sections.axis {
      case .images: return (isLocal ? memory - units.lowerBound * byteCount : memory, 0)
      case .channels:
        let plane = byteCount / blocks
        return isLocal
          ? (memory, plane * units.count) : (memory + units.lowerBound * plane, plane * sections.units)
      }
    }
    func all(
      _ places: [UnsafeMutableRawPointer], _ uses: [LoweredOperation.Sections.Use], _ local: [Bool]
    ) -> [Operand] {
      places.indices.map { operand(places[$0], uses[$0], local[$0]) }
    }
    var own = self
    let (inputs, outputs) = (
      all(inputs, sections.inputs, local.inputs), all(outputs, sections.outputs, local.outputs)
    )
    (own.inputs, own.inputSteps) = (inputs.map(\.memory), inputs.map(\.step))
    (own.outputs, own.outputSteps) = (outputs.map(\.memory), outputs.map(\.step))
    return own
  }
}
