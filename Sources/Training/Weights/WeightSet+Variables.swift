public import Execution

extension WeightSet {
  /// The present values of all variables of a network, under PyTorch's names.
  ///
  /// PyTorch keeps a counter `num_batches_tracked` (I64) beside the running statistics of each batch
  /// normalisation, and `load_state_dict(strict=True)` asks for it. The graph has no such variable, so one is
  /// added wherever there are both a `running_mean` and a `running_var` and no counter of the network's own.
  ///
  /// - Parameters:
  ///   - variables: the network's variables.
  ///   - batchesTracked: how many training steps the statistics have seen.
  ///   - origin: weights that training began with, whose counters are added to.
  ///   - fresh: running statistics whose counters begin anew nevertheless.
  public init(
    _ variables: VariableStore, batchesTracked: Int = 0, continuing origin: WeightSet? = nil,
    except fresh: Set<String> = []
  ) {
    let names = Set(variables.names)
    var tensors: [WeightTensor] = []
    for name in variables.names {
      guard let shape = variables.shape(of: name), let values = variables.values(of: name) else { continue }
      tensors.append(WeightTensor(name: name, shape: shape, values: .float32(values)))
      guard let counter = Self.counter(beside: name, in: names) else { continue }
      var count = Int64(batchesTracked)
      if !fresh.contains(name), case .int64(let before)? = origin?[counter]?.values, let first = before.first
      {
        count &+= first
      }
      tensors.append(WeightTensor(name: counter, shape: [], values: .int64([count])))
    }
    self.init(trusted: tensors)
  }

  /// Gives these values to the variables of a network, all of them or, on an error, none.
  ///
  /// - Throws: `WeightError.missing`, `.unexpected` or `.mismatch` unless names, shapes and element types
  ///   agree; counters named `num_batches_tracked` may be there or not.
  public func apply(to variables: VariableStore) throws(WeightError) {
    let names = Set(variables.names)
    let counters = Set(variables.names.compactMap { Self.counter(beside: $0, in: names) })
    var given: [String: [Float]] = [:]
    for tensor in tensors {
      if counters.contains(tensor.name) { continue }
      guard names.contains(tensor.name), let shape = variables.shape(of: tensor.name) else {
        throw .unexpected(tensor.name)
      }
      guard shape == tensor.shape else {
        throw .mismatch("\(tensor.name) has the shape \(tensor.shape), and the network's is \(shape)")
      }
      guard case .float32(let values) = tensor.values else {
        throw .mismatch("\(tensor.name) does not have elements of type F32")
      }
      given[tensor.name] = values
    }
    if let missing = variables.names.first(where: { given[$0] == nil }) { throw .missing(missing) }
    for (name, values) in given {
      do {
        try variables.setValues(values, of: name)
      } catch {
        throw .mismatch("\(name): \(error)")
      }
    }
  }

  /// The name of the batch counter that belongs beside this variable, if it is a tracked running variance.
  private static func counter(beside name: String, in names: Set<String>) -> String? {
    let (mean, variance, count) = ("running_mean", "running_var", "num_batches_tracked")
    guard name == variance || name.hasSuffix("." + variance) else { return nil }
    let prefix = name.dropLast(variance.count)
    guard names.contains(prefix + mean), !names.contains(prefix + count) else { return nil }
    return prefix + count
  }
}
