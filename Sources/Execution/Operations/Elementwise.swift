import CKernels
import NetworkGraph
import RandomStreams

/// How many elements a piece has of those into which a long run is divided: whole vectors, so that each element is
/// computed as it would be in the whole run.
private let pieceLength = 4096

extension LoweringContext {
  /// An operation on operands and results of `count` elements, of which a body does some.
  private func elementwise(
    _ count: Int, inPlace: [LoweredOperation.InPlace],
    bind: @escaping (LoweredOperation.Operands, Range<Int>) -> PartBody
  ) -> LoweredOperation {
    var operation = LoweredOperation(
      units: (count + pieceLength - 1) / pieceLength, inPlace: inPlace
    ) { operands, pieces in
      bind(operands, pieces.lowerBound * pieceLength..<min(pieces.upperBound * pieceLength, count))
    }
    // All lie in blocks where one does, or else they would not have the same size.
    if worksInBlocks {
      let (blocks, size) = (outputs[0].shape[0], count / outputs[0].shape[0])
      let plane = size / outputs[0].shape[1]
      operation.sections =
        imageSections(outputs: outputs.map(unitUse)) { operands, range in
          bind(operands, range.lowerBound * size..<range.upperBound * size)
        }
        + channelSections(outputs: outputs.map(channelUse)) { operands, range in
          let bodies = (0..<blocks).map { bind(operands.block($0), 0..<range.count * plane) }
          return { for body in bodies { body() } }
        }
    }
    return operation
  }

  /// x → f(x).
  func unary(_ function: UnaryFunction) -> LoweredOperation {
    let (kernels, count, (code, p, q)) = (kernels, count(0), function.code)
    return elementwise(count, inPlace: [.init(output: 0, input: 0)]) { operands, range in
      let (x, result) = (operands.input(0) + range.lowerBound, operands.output(0) + range.lowerBound)
      return { kernels.pointee.unary(code, p, q, range.count, x, result) }
    }
  }

  /// x, output gradient → gradient of x.
  func unaryGradient(_ function: UnaryFunction) -> LoweredOperation {
    let (kernels, count, (code, p, q)) = (kernels, count(0), function.code)
    return elementwise(
      count, inPlace: [.init(output: 0, input: 1), .init(output: 0, input: 0)]
    ) { operands, range in
      let (x, gradient) = (operands.input(0) + range.lowerBound, operands.input(1) + range.lowerBound)
      let result = operands.output(0) + range.lowerBound
      return { kernels.pointee.unary_gradient(code, p, q, range.count, x, gradient, result) }
    }
  }

  /// x, output gradient → gradient of x, f(x).
  func activationGradient(_ function: UnaryFunction) -> LoweredOperation {
    let (kernels, count, (code, p, q)) = (kernels, count(0), function.code)
    return elementwise(
      count, inPlace: [.init(output: 0, input: 1), .init(output: 1, input: 0)]
    ) { operands, range in
      let (x, gradient) = (operands.input(0) + range.lowerBound, operands.input(1) + range.lowerBound)
      let (result, value) = (operands.output(0) + range.lowerBound, operands.output(1) + range.lowerBound)
      return {
        kernels.pointee.unary_gradient_and_value(code, p, q, range.count, x, gradient, result, value)
      }
    }
  }

  /// Two operands → one with the broadcast shape.
  func binary(_ function: BinaryFunction) -> LoweredOperation {
    let (kernels, code, result) = (kernels, function.code, outputs[0])
    let nest = broadcastNest()
    // A broadcast operand is smaller than the result, so the plan never writes over one.
    let inPlace = (0..<2).map { LoweredOperation.InPlace(output: 0, input: $0) }
    if result.elementType == .int32 {
      let (divides, divisors) = (function.divides, count(1))
      return LoweredOperation(inPlace: inPlace) { operands in
        let (left, right) = (operands.integerInput(0), operands.integerInput(1))
        let result = operands.integerOutput(0)
        return { _ throws(ExecutionError) in
          if divides, UnsafeBufferPointer(start: right, count: divisors).contains(0) {
            throw .divisionByZero(operation: function.rawValue)
          }
          kernels.pointee.binary_integer(
            code, nest.rank, nest.extents, nest.strides(0), nest.strides(1), left, right, result)
        }
      }
    }
    guard nest.isDense, nest.rank == 1 else {
      return LoweredOperation(inPlace: inPlace) { operands in
        let (left, right, result) = (operands.input(0), operands.input(1), operands.output(0))
        return { _ in
          kernels.pointee.binary(
            code, nest.rank, nest.extents, nest.strides(0), nest.strides(1), left, right, result)
        }
      }
    }
    return elementwise(outputCount, inPlace: inPlace) { operands, range in
      let (left, right) = (operands.input(0) + range.lowerBound, operands.input(1) + range.lowerBound)
      let result = operands.output(0) + range.lowerBound
      return {
        withUnsafePointer(to: range.count) { extent in
          kernels.pointee.binary(code, 1, extent, nest.strides(0), nest.strides(1), left, right, result)
        }
      }
    }
  }

  /// A loop over the result with all operands broadcast to it.
  private func broadcastNest() -> LoopNest {
    let result = outputs[0].shape
    return LoopNest(
      extents: result,
      strides: inputs.indices.map { index in
        // An operand that is the same for all images has no axis within the block.
        let isShared = worksInBlocks && !isInBlocks[index]
        return LoopNest.broadcastStrides(isShared ? shape(index) + [1] : shape(index), to: result)
      })
  }

  /// x → x · mask, mask.
  ///
  /// Each dropout of a graph draws from a stream of its own below the run's.
  func dropout(_ dropout: Dropout) -> LoweredOperation {
    let kernels = kernels
    let (probability, number) = (dropout.probability, drawNumber)
    let run = dropout.isPerChannel ? shape(0).dropFirst(2).reduce(1, *) : 1
    let draws = count(0) / run
    return LoweredOperation(inPlace: [.init(output: 0, input: 0)]) { operands in
      let (x, result, mask) = (operands.input(0), operands.output(0), operands.output(1))
      return { stream in
        guard var own = stream?.stream("dropout", number) else { return }
        kernels.pointee.dropout(own.next(), probability, draws, run, x, result, mask)
      }
    }
  }
}

extension LoweringContext {
  /// condition, a, b → a where the condition is not 0, else b.
  func select() -> LoweredOperation {
    let (kernels, nest) = (kernels, broadcastNest())
    let inPlace = [1, 2, 0].map { LoweredOperation.InPlace(output: 0, input: $0) }
    return LoweredOperation(inPlace: inPlace) { operands in
      let (condition, a, b) = (operands.input(0), operands.inputs[1], operands.inputs[2])
      let result = operands.outputs[0]
      return { _ in
        kernels.pointee.select(
          nest.rank, nest.extents, nest.strides(0), nest.strides(1), nest.strides(2), condition, a, b, result)
      }
    }
  }

  /// The same numbers in another element type.
  func cast(to type: ElementType) -> LoweredOperation {
    if inputs[0].elementType == type { return .alias }
    let (kernels, count) = (kernels, outputCount)
    return LoweredOperation(inPlace: [.init(output: 0, input: 0)]) { operands in
      let (x, result) = (operands.inputs[0], operands.outputs[0])
      return { _ in
        switch type {
        case .float32: kernels.pointee.cast_to_float(count, x, result)
        case .int32: kernels.pointee.cast_to_integer(count, x, result)
        }
      }
    }
  }

  /// Random numbers; each such node of a graph draws from a stream of its own below the run's.
  func random(_ random: RandomTensor) -> LoweredOperation {
    let (kernels, count, number) = (kernels, outputCount, drawNumber)
    var (distribution, probability) = (NICHE_UNIFORM, 0.0)
    switch random.distribution {
    case .uniform: break
    case .normal: distribution = NICHE_NORMAL
    case .bernoulli(let share): (distribution, probability) = (NICHE_BERNOULLI, share)
    }
    let (code, share) = (Int32(distribution.rawValue), probability)
    return LoweredOperation { operands in
      let result = operands.output(0)
      return { stream in
        guard var own = stream?.stream("random", number) else { return }
        kernels.pointee.random(code, own.next(), share, count, result)
      }
    }
  }
}

extension UnaryFunction {
  /// The kernel's name and parameters.
  var code: (function: Int32, p: Float, q: Float) {
    func plain(_ function: niche_unary_function, _ p: Double = 0, _ q: Double = 0) -> (Int32, Float, Float) {
      (Int32(function.rawValue), Float(p), Float(q))
    }
    return switch self {
    case .relu: plain(NICHE_RELU)
    case .relu6: plain(NICHE_RELU6)
    case .leakyReLU(let slope): plain(NICHE_LEAKY_RELU, slope)
    case .elu(let alpha): plain(NICHE_ELU, alpha)
    case .gelu: plain(NICHE_GELU)
    case .geluTanh: plain(NICHE_GELU_TANH)
    case .silu: plain(NICHE_SILU)
    case .sigmoid: plain(NICHE_SIGMOID)
    case .tanh: plain(NICHE_TANH)
    case .hardSigmoid: plain(NICHE_HARD_SIGMOID)
    case .hardSwish: plain(NICHE_HARD_SWISH)
    case .softplus: plain(NICHE_SOFTPLUS)
    case .mish: plain(NICHE_MISH)
    case .exponential: plain(NICHE_EXPONENTIAL)
    case .logarithm: plain(NICHE_LOGARITHM)
    case .squareRoot: plain(NICHE_SQUARE_ROOT)
    case .reciprocal: plain(NICHE_RECIPROCAL)
    case .negate: plain(NICHE_NEGATE)
    case .absolute: plain(NICHE_ABSOLUTE)
    case .square: plain(NICHE_SQUARE)
    case .sine: plain(NICHE_SINE)
    case .cosine: plain(NICHE_COSINE)
    case .errorFunction: plain(NICHE_ERROR_FUNCTION)
    case .tangent: plain(NICHE_TANGENT)
    case .arcSine: plain(NICHE_ARC_SINE)
    case .arcCosine: plain(NICHE_ARC_COSINE)
    case .arcTangent: plain(NICHE_ARC_TANGENT)
    case .hyperbolicSine: plain(NICHE_HYPERBOLIC_SINE)
    case .hyperbolicCosine: plain(NICHE_HYPERBOLIC_COSINE)
    case .inverseHyperbolicSine: plain(NICHE_INVERSE_HYPERBOLIC_SINE)
    case .inverseHyperbolicCosine: plain(NICHE_INVERSE_HYPERBOLIC_COSINE)
    case .inverseHyperbolicTangent: plain(NICHE_INVERSE_HYPERBOLIC_TANGENT)
    case .complementaryErrorFunction: plain(NICHE_COMPLEMENTARY_ERROR_FUNCTION)
    case .logarithmPlus1: plain(NICHE_LOGARITHM_PLUS_1)
    case .exponentialMinus1: plain(NICHE_EXPONENTIAL_MINUS_1)
    case .logarithm2: plain(NICHE_LOGARITHM_2)
    case .logarithm10: plain(NICHE_LOGARITHM_10)
    case .reciprocalSquareRoot: plain(NICHE_RECIPROCAL_SQUARE_ROOT)
    case .logSigmoid: plain(NICHE_LOG_SIGMOID)
    case .softsign: plain(NICHE_SOFTSIGN)
    case .clamp(let lower, let upper): plain(NICHE_CLAMP, lower, upper)
    case .hardTanh(let lower, let upper): plain(NICHE_HARD_TANH, lower, upper)
    case .floor: plain(NICHE_FLOOR)
    case .ceiling: plain(NICHE_CEILING)
    case .round: plain(NICHE_ROUND)
    case .truncate: plain(NICHE_TRUNCATE)
    case .sign: plain(NICHE_SIGN)
    case .isNaN: plain(NICHE_IS_NAN)
    case .isInfinite: plain(NICHE_IS_INFINITE)
    case .isFinite: plain(NICHE_IS_FINITE)
    }
  }
}

extension BinaryFunction {
  /// Whether whole numbers are divided by the second operand.
  fileprivate var divides: Bool { self == .floorDivide || self == .remainder || self == .truncatedRemainder }

  /// The kernel's name.
  fileprivate var code: Int32 {
    let function =
      switch self {
      case .add: NICHE_ADD
      case .subtract: NICHE_SUBTRACT
      case .multiply: NICHE_MULTIPLY
      case .divide: NICHE_DIVIDE
      case .power: NICHE_POWER
      case .maximum: NICHE_MAXIMUM
      case .minimum: NICHE_MINIMUM
      case .equal: NICHE_EQUAL
      case .less: NICHE_LESS
      case .lessOrEqual: NICHE_LESS_OR_EQUAL
      case .notEqual: NICHE_NOT_EQUAL
      case .remainder: NICHE_REMAINDER
      case .truncatedRemainder: NICHE_TRUNCATED_REMAINDER
      case .floorDivide: NICHE_FLOOR_DIVIDE
      case .arcTangent2: NICHE_ARC_TANGENT_2
      }
    return Int32(function.rawValue)
  }
}
