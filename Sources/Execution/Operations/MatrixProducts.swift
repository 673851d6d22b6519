import NetworkGraph

extension LoweringContext {
  /// features `[…, I]`, weight `[O, I]`, bias `[O]` if there is one → `[…, O]`.
  func linear(hasBias: Bool) throws(ExecutionError) -> LoweredOperation {
    let (outputs, inputs) = (shape(1)[0], shape(1)[1])
    let rows = count(0) / inputs
    let product = try MatrixProduct(rows: rows, columns: outputs, inner: inputs, transposeRight: true)
    return LoweredOperation { operands in
      let (features, weight, result) = (operands.input(0), operands.input(1), operands.output(0))
      let bias = hasBias ? operands.input(2) : nil
      return { _ in
        if let bias {
          for row in 0..<rows { (result + row * outputs).update(from: bias, count: outputs) }
        }
        product(features, weight, result, adds: bias != nil)
      }
    }
  }

  /// `[…, M, K]` · `[…, K, N]` with broadcast leading dimensions.
  func matrixMultiply(transposeLeft: Bool, transposeRight: Bool) throws(ExecutionError) -> LoweredOperation {
    let (left, right, result) = (shape(0), shape(1), outputs[0].shape)
    let (rows, columns) = (result[result.count - 2], result[result.count - 1])
    let inner = transposeLeft ? left[left.count - 2] : left[left.count - 1]
    let leading = Array(result.dropLast(2))
    let leftStrides = LoopNest.broadcastStrides(Array(left.dropLast(2)), to: leading)
    let rightStrides = LoopNest.broadcastStrides(Array(right.dropLast(2)), to: leading)
    let batches = leading.reduce(1, *)
    if !transposeLeft, rightStrides.allSatisfy({ $0 == 0 }), count(0) == batches * rows * inner {
      // One matrix for the whole batch: one product of all rows.
      let product = try MatrixProduct(
        rows: batches * rows, columns: columns, inner: inner, transposeRight: transposeRight)
      return LoweredOperation { operands in
        let (left, right, result) = (operands.input(0), operands.input(1), operands.output(0))
        return { _ in product(left, right, result) }
      }
    }
    let product = try MatrixProduct(
      rows: rows, columns: columns, inner: inner, transposeLeft: transposeLeft, transposeRight: transposeRight
    )
    let nest = LoopNest(extents: leading, strides: [leftStrides, rightStrides])
    return LoweredOperation { operands in
      let (left, right, result) = (operands.input(0), operands.input(1), operands.output(0))
      return { _ in
        for batch in 0..<batches {
          let (leftMatrix, rightMatrix) = (nest.offset(batch, of: 0), nest.offset(batch, of: 1))
          product(
            left + leftMatrix * rows * inner, right + rightMatrix * inner * columns,
            result + batch * rows * columns)
        }
      }
    }
  }
}
