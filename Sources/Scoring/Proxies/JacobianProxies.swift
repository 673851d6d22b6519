import Execution
import NetworkGraph

#if canImport(Glibc)
  import Glibc
#elseif canImport(Darwin)
  import Darwin
#endif

/// The gradients of the sum of all outputs for each image of a batch, in training mode.
struct Jacobian {
  /// One row for each image.
  let rows: [[Float]]
  /// How many outputs there are for each image.
  let classCount: Int

  /// −Σ log(v + k) + 1/(v + k) over the eigenvalues v of the rows' correlation matrix, k = 10⁻⁵.
  func covarianceScore() throws(ProxyFailure) -> Double {
    guard let correlations = SymmetricMatrix(correlationsOf: rows) else { throw .disconnected }
    let k = 1e-5
    // Rounding may take an eigenvalue that is 0 below −k.
    return -correlations.eigenvalues().reduce(0) { sum, value in
      let shifted = max(value, 0) + k
      return sum + log(shifted) + 1 / shifted
    }
  }

  /// Σ over classes of |Σ log(|c| + k)| over the correlations c of the rows of that class; with more than 100 classes
  /// the mean over classes of the differences between their sums, each divided by the images of the class.
  func classScore(labels: [Int32]) throws(ProxyFailure) -> Double {
    var classes: [Int32: [[Float]]] = [:]
    for (label, row) in zip(labels, rows) { classes[label, default: []].append(row) }
    guard classes.values.contains(where: { $0.count > 1 }) else { throw .tooFewImages }
    let isMany = classCount > 100
    var sums: [Double] = []
    for (_, rows) in classes.sorted(by: { $0.key < $1.key }) {
      guard let correlations = SymmetricMatrix(correlationsOf: rows) else { throw .disconnected }
      let sum = correlations.elements.reduce(0) { $0 + log(abs($1) + 1e-5) }
      sums.append(isMany ? sum / Double(rows.count) : sum)
    }
    guard isMany else { return sums.reduce(0) { $0 + abs($1) } }
    var differences = 0.0
    for one in sums { for other in sums { differences += abs(one - other) } }
    return differences / Double(sums.count)
  }
}

extension ProxySession {
  /// The Jacobian on the first batch.
  func computeJacobian() throws(ProxyFailure) -> Jacobian {
    let batch = try firstBatch()
    let graph = try Self.built { () throws(GraphError) in
      let (forward, outputs) = network.batch.yielding(Array(network.batch.outputs.prefix(1)))
      var builder = GraphBuilder(continuing: forward)
      let sum = try builder.total(outputs[0])
      let images = forward.inputs.map(\.value)
      builder.setOutputs(try builder.gradients(of: sum, withRespectTo: images))
      return builder.graph.eliminatingDeadCode()
    }
    let executor = try executor(graph, variables)
    try feed(batch, to: executor)
    try run(executor)
    let values = executor.output(0)
    guard values.contains(where: { $0 != 0 }) else { throw .disconnected }
    let count = values.count / network.batchSize
    let outputs = network.batch.outputs.first.map(network.batch.type)?.elementCount ?? 0
    return Jacobian(
      rows: (0..<network.batchSize).map { Array(values[$0 * count..<($0 + 1) * count]) },
      classCount: outputs / network.batchSize)
  }
}
