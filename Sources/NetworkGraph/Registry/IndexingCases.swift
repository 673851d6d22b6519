extension OperationCase {
  static let selections: [OperationCase] =
    choices.flatMap(\.self) + [
      OperationCase(
        "select by any number", .select,
        [.tensor(4, 6, values: .integers(below: 4)), .tensor(6), .tensor(4, 1)],
        torch: "torch.where(x0 != 0, x1, x2)"),
      OperationCase(
        "cast to whole numbers", .cast(.int32), [.tensor(5, 7, values: .awayFromKinks)],
        torch: "x0.to(torch.int64)"),
      OperationCase(
        "cast to floating point", .cast(.float32), [.integers([5, 7], below: 100)],
        torch: "x0.to(torch.get_default_dtype())"),
      OperationCase(
        "cast to what it is", .cast(.float32), [.tensor(3, 4)], torch: "x0.to(torch.get_default_dtype())"),
      // Its gradient is none by decree, which finite differences do not know.
      OperationCase(
        "detach", .detach, [Operand(TensorType(.float32, [3, 4]), isDifferentiable: false)],
        torch: "x0.detach()"),
    ]

  private static let choices: [[OperationCase]] = [
    select("of equal shapes", [3, 4], [3, 4], [3, 4]),
    select("with a number in place of a", [2, 3, 4], [], [2, 3, 4]),
    select("with a number in place of b", [2, 3, 4], [2, 3, 4], []),
    select("of two numbers", [2, 5], [], []),
    select("by one number", [], [2, 3], [2, 3]),
    select("by a mask of attention", [2, 1, 1, 5], [], [2, 3, 4, 5]),
    select("by a mask per row", [4, 1], [4, 3], [3]),
    select("of scalars", [], [], []),
    select("broadcast on all sides", [3, 1, 1], [1, 4, 1], [2, 1, 1, 5]),
    select("into columns", [2, 1, 3], [2, 4, 1], [4, 3]),
  ]

  private static func select(_ name: String, _ condition: [Int], _ a: [Int], _ b: [Int]) -> [OperationCase] {
    let mask = Operand.tensor(condition, values: .integers(below: 2))
    return [
      OperationCase(
        "select \(name)", .select, [mask, .tensor(a), .tensor(b)], torch: "torch.where(x0 != 0, x1, x2)"),
      OperationCase(
        "select of whole numbers \(name)", .select,
        [mask, .integers(a, below: 9), .integers(b, below: 9)], torch: "torch.where(x0 != 0, x1, x2)"),
    ]
  }

  static let randoms: [OperationCase] = [
    OperationCase("random uniform", .random(RandomTensor(.uniform, shape: [4, 8])), [], torch: nil),
    OperationCase("random normal", .random(RandomTensor(.normal, shape: [2, 3, 4])), [], torch: nil),
    OperationCase(
      "random bernoulli", .random(RandomTensor(.bernoulli(probability: 0.25), shape: [8, 1, 1])), [],
      torch: nil),
    OperationCase(
      "random of no chance", .random(RandomTensor(.bernoulli(probability: 0), shape: [3])), [],
      torch: "torch.zeros(3)"),
    OperationCase(
      "random of no choice", .random(RandomTensor(.bernoulli(probability: 1), shape: [3])), [],
      torch: "torch.ones(3)"),
  ]

  static let indexings: [OperationCase] =
    gathers.flatMap(\.self) + takes.flatMap(\.self) + [
      OperationCase(
        "gather of whole numbers", .gather(axis: 1),
        [.integers([3, 4], below: 50), .integers([3, 6], below: 4)], torch: "torch.gather(x0, 1, x1)"),
      OperationCase(
        "take of whole numbers", .take(axis: 0), [.integers([7, 2], below: 50), .integers([5], below: 7)],
        torch: "take(x0, 0, x1)"),
    ]

  private static let gathers: [[OperationCase]] = [
    gather([5, 4], [3, 4], 0), gather([5, 4], [5, 7], 1), gather([5, 4], [2, 6], 1),
    gather([3, 4, 5], [3, 2, 5], 1), gather([3, 4, 5], [2, 4, 3], 2), gather([3, 4, 5], [8, 1, 2], 0),
    gather([6], [9], 0), gather([2, 3, 2, 4], [2, 3, 5, 4], 2), gather([1, 3], [1, 1], 1),
  ]

  private static let takes: [[OperationCase]] = [
    take([10, 4], [3, 5], 0), take([10, 4], [6], 0), take([10, 4], [], 0), take([3, 5, 4], [2], 1),
    take([3, 5, 4], [7], 2), take([2, 3, 4], [2, 3], 1), take([6], [2, 2], 0), take([2, 5], [3, 1], 1),
  ]

  private static func gather(_ shape: [Int], _ indices: [Int], _ axis: Int) -> [OperationCase] {
    let index = Operand.integers(indices, below: shape[axis])
    let label = "\(indices) of \(shape) along \(axis)"
    return [
      OperationCase(
        "gather \(label)", .gather(axis: axis), [.tensor(shape), index],
        torch: "torch.gather(x0, \(axis), x1)"),
      OperationCase(
        "gatherGradient \(label)", .gatherGradient(axis: axis, inputShape: shape), [.tensor(indices), index],
        torch: "zeros\(pythonTuple(shape)).scatter_add(\(axis), x1, x0)"),
    ]
  }

  private static func take(_ shape: [Int], _ indices: [Int], _ axis: Int) -> [OperationCase] {
    let index = Operand.integers(indices, below: shape[axis])
    let output: [Int] = shape[..<axis] + indices + shape[(axis + 1)...]
    let label = "\(indices) of \(shape) along \(axis)"
    return [
      OperationCase(
        "take \(label)", .take(axis: axis), [.tensor(shape), index], torch: "take(x0, \(axis), x1)"),
      OperationCase(
        "takeGradient \(label)", .takeGradient(axis: axis, inputShape: shape), [.tensor(output), index],
        torch: "vjp(lambda x: take(x, \(axis), x1), zeros\(pythonTuple(shape)), x0)"),
    ]
  }
}
