public import RandomStreams

/// One configuration of one operation, with operands to try it on and the same in PyTorch.
///
/// `OperationCase.all` is the registry of operations: forward parity with PyTorch, finite-difference gradients,
/// exports and benchmarks all go through it, so an operation that has a row here is tested everywhere.
public struct OperationCase: Sendable, CustomStringConvertible {
  /// An operand's type and how its elements are drawn.
  public struct Operand: Sendable, Hashable {
    /// How elements are drawn; all are exact in 32-bit floating point.
    public enum Distribution: Sendable, Hashable {
      /// Normal, mean 0 and standard deviation 1.
      case normal
      /// Uniform between two positive numbers, ½ and 2.
      case positive
      /// Evenly spaced over −4…4 in random order, so that no two are equal and a maximum is safe to differentiate.
      case distinct
      /// Uniform over −7…7, but for 0.05 around the kinks of the activation functions (0, ±3 and 6).
      case awayFromKinks
      /// Whole numbers from 0 up to a bound, as labels, indices, or numbers that are often equal.
      case integers(below: Int)
      /// Whole numbers of a range.
      case wholeNumbers(ClosedRange<Int>)
      /// Uniform between two numbers.
      case between(Float, Float)
      /// Uniform over −4…4, but for 0.1 around whole numbers and their halves, where rounding jumps.
      case awayFromJumps
    }

    /// The type.
    public var type: TensorType
    /// How elements are drawn.
    public var distribution: Distribution
    /// Whether gradients for it may be compared with finite differences.
    public var isDifferentiable: Bool

    /// An operand; by default one of floating point that is differentiable unless it consists of whole numbers.
    public init(_ type: TensorType, _ distribution: Distribution = .normal, isDifferentiable: Bool? = nil) {
      self.type = type
      self.distribution = distribution
      switch distribution {
      case .integers, .wholeNumbers: self.isDifferentiable = isDifferentiable ?? false
      default: self.isDifferentiable = isDifferentiable ?? true
      }
    }

    /// Elements, row-major, drawn from the stream.
    public func values(from stream: inout RandomStream) -> [Float] {
      let count = type.elementCount
      switch distribution {
      case .normal: return (0..<count).map { _ in Float(stream.normal()) }
      case .positive: return (0..<count).map { _ in Float(stream.uniform(0.5, 2)) }
      case .distinct:
        return stream.permutation(count).map { Float((Double($0) + 0.5) / Double(count) * 8 - 4) }
      case .awayFromKinks: return (0..<count).map { _ in Self.awayFromKinks(&stream) }
      case .integers(let bound): return (0..<count).map { _ in Float(stream.integer(below: bound)) }
      case .wholeNumbers(let range):
        return (0..<count).map { _ in Float(range.lowerBound + stream.integer(below: range.count)) }
      case .between(let lower, let upper):
        return (0..<count).map { _ in Float(stream.uniform(Double(lower), Double(upper))) }
      case .awayFromJumps:
        return (0..<count).map { _ in
          Float(stream.integer(below: 16)) / 2 - 4 + Float(stream.uniform(0.1, 0.4))
        }
      }
    }

    private static func awayFromKinks(_ stream: inout RandomStream) -> Float {
      while true {
        let number = Float(stream.uniform(-7, 7))
        if [-3, 0, 3, 6].allSatisfy({ abs(number - $0) > 0.05 }) { return number }
      }
    }
  }

  /// What tells the case from others of the operation; unique in the registry.
  public var name: String
  /// The operation.
  public var operation: Operation
  /// Its operands.
  public var operands: [Operand]
  /// The same in PyTorch: a Python expression over `x0`, `x1`, … that gives a tensor or a tuple of tensors.
  ///
  /// It may use what `torchPreamble` defines; evaluate it with the operands as globals, since lambdas read them.
  /// Operands of type int32 are `int64` there. Nil where results are random.
  public var torch: String?

  /// A case.
  public init(_ name: String, _ operation: Operation, _ operands: [Operand], torch: String?) {
    self.name = name
    self.operation = operation
    self.operands = operands
    self.torch = torch
  }

  /// The name.
  public var description: String { name }

  /// A graph of the operation alone: inputs `x0`, `x1`, … and every result an output.
  ///
  /// - Throws: a `GraphError` if the operands do not fit the operation.
  public func graph() throws(GraphError) -> Graph {
    var builder = GraphBuilder()
    let inputs = operands.enumerated().map { builder.input("x\($0)", $1.type) }
    builder.setOutputs(try builder.apply(operation, inputs, label: name))
    return builder.graph
  }

  /// Elements for every operand, the same for the same seed.
  public func values(seed: UInt64) -> [[Float]] {
    let root = RandomStream(seed: seed).stream(name)
    return operands.enumerated().map { index, operand in
      var stream = root.stream("operand", index)
      return operand.values(from: &stream)
    }
  }

  /// Every case of every operation that is not a leaf.
  public static let all: [OperationCase] =
    convolutions + transposedConvolutions + matrixProducts + attentions + normalisations + layerNormalisations
    + unaries
    + binaries + selections
    + dropouts + randoms
    + windowPoolings + adaptivePoolings + shapes + slicings + indexings + orders + reductions + cumulations
    + softmaxes

  /// What the PyTorch expressions need, as Python source.
  ///
  /// The caller chooses the precision with `torch.set_default_dtype` beforehand.
  public static let torchPreamble = """
    import torch
    import torch.nn.functional as F
    def zeros(*shape): return torch.zeros(shape)
    def vjp(f, x, gradient):
        x = x.detach().requires_grad_(True)
        return torch.autograd.grad(f(x), x, gradient)[0]
    def part(x, axis, start, end, step):
        return x[(slice(None),) * axis + (slice(start, end, step),)]
    def take(x, axis, indices):
        chosen = x.index_select(axis, indices.flatten())
        return chosen.reshape(x.shape[:axis] + indices.shape + x.shape[axis + 1:])
    def product(x, dim, keepdim=False):
        for axis in sorted(dim, reverse=True): x = torch.prod(x, dim=axis, keepdim=keepdim)
        return x
    def batch_norm(x, weight, bias, mean, variance, momentum, epsilon):
        axes = [i for i in range(x.dim()) if i != 1]
        if mean is not None: mean, variance = mean.detach().clone(), variance.detach().clone()
        y = F.batch_norm(x, mean, variance, weight, bias, True, momentum, epsilon)
        batch = (x.mean(axes), 1 / torch.sqrt(x.var(axes, unbiased=False) + epsilon))
        return (y,) + batch + (() if mean is None else (mean, variance))
    def attention(q, k, v, mask, scale):
        scores = scale * (q @ k.transpose(-1, -2))
        if mask is not None: scores = scores + mask
        return torch.softmax(scores, -1) @ v, torch.logsumexp(scores, -1)
    def attention_gradient(q, k, v, mask, scale, y, log_sums, g):
        scores = scale * (q @ k.transpose(-1, -2))
        if mask is not None: scores = scores + mask
        p = torch.exp(scores - log_sums.unsqueeze(-1))
        d = scale * p * (g @ v.transpose(-1, -2) - (g * y).sum(-1, keepdim=True))
        return d @ k, d.transpose(-1, -2) @ q, p.transpose(-1, -2) @ g
    def layer_norm(x, shape, weight, bias, epsilon):
        axes = list(range(x.dim() - len(shape), x.dim()))
        inverse = 1 / torch.sqrt(x.var(axes, unbiased=False) + epsilon)
        return F.layer_norm(x, shape, weight, bias, epsilon), x.mean(axes), inverse
    def layer_norm_gradient(g, x, shape, mean, inverse, weight, wanted):
        axes = list(range(x.dim() - len(shape), x.dim()))
        normal = (x - mean.reshape(mean.shape + (1,) * len(shape))) * inverse.reshape(mean.shape + (1,) * len(shape))
        scaled = g if weight is None else g * weight
        product = (scaled * normal).mean(axes, keepdim=True)
        result = (scaled - scaled.mean(axes, keepdim=True) - normal * product)
        result = result * inverse.reshape(mean.shape + (1,) * len(shape))
        sums = ((g * normal).reshape((-1,) + shape).sum(0), g.reshape((-1,) + shape).sum(0))
        return (result,) + tuple(s for s, is_wanted in zip(sums, wanted[1:]) if is_wanted)

    """
}

/// Python text for attributes.
extension Size2D {
  var python: String { "(\(height), \(width))" }
}

extension Bool {
  var python: String { self ? "True" : "False" }
}

/// A Python tuple of numbers.
func pythonTuple(_ numbers: [Int]) -> String {
  "(" + numbers.map { "\($0), " }.joined() + ")"
}

extension OperationCase.Operand {
  /// A floating-point operand of that shape.
  static func tensor(_ shape: Int..., values distribution: Distribution = .normal) -> Self {
    Self(TensorType(.float32, shape), distribution)
  }

  /// An operand of whole numbers of that shape.
  static func integers(_ shape: [Int], in range: ClosedRange<Int>) -> Self {
    Self(TensorType(.int32, shape), .wholeNumbers(range))
  }

  /// A floating-point operand of that shape.
  static func tensor(_ shape: [Int], values distribution: Distribution = .normal) -> Self {
    Self(TensorType(.float32, shape), distribution)
  }

  /// An operand of whole numbers of that shape.
  static func integers(_ shape: [Int], below bound: Int) -> Self {
    Self(TensorType(.int32, shape), .integers(below: bound))
  }
}
