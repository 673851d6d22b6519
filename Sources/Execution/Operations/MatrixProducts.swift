import CKernels
import NetworkGraph

/// A product of dense row-major matrices, each operand transposed or not.
struct DenseProduct {
  private enum Way {
    case kernel(niche_product)
    case library(MatrixProduct)
  }

  private let kernels: Kernels
  private let way: Way
  private let rows: Int
  private let columns: Int
  private let inner: Int
  /// Whether parts of the product are some columns of it and not some rows, each of which packs the other operand.
  private let dividesColumns: Bool
  /// Memory needed while it runs.
  let scratchByteCount: Int
  /// Memory for the packed right operand; 0 where it is read as it lies.
  private(set) var packedByteCount = 0

  /// A product, done by what is faster for its shape.
  ///
  /// With `keepsRight` the right operand is one that `pack` has packed, where that saves anything.
  ///
  /// OpenBLAS has kernels of their own for products of a matrix and a vector or two, which read the matrix once and
  /// pack nothing; the rest is faster in our tiles, by a tenth on squares and more where one side is long.
  ///
  /// - Throws: `ExecutionError.tooLarge` where an extent does not fit OpenBLAS's 32-bit integers.
  init(
    _ kernels: Kernels, rows: Int, columns: Int, inner: Int, transposeLeft: Bool = false,
    transposeRight: Bool = false, keepsRight: Bool = false
  ) throws(ExecutionError) {
    self.kernels = kernels
    (self.rows, self.columns, self.inner) = (rows, columns, inner)
    dividesColumns = columns > rows && !keepsRight
    if min(rows, columns) <= 2, max(rows, columns) > 16 {
      way = .library(
        try MatrixProduct(
          rows: rows, columns: columns, inner: inner, transposeLeft: transposeLeft,
          transposeRight: transposeRight))
      scratchByteCount = 0
    } else {
      way = .kernel(
        niche_product(
          rows: rows, columns: columns, inner: inner, left_row: transposeLeft ? 1 : inner,
          left_inner: transposeLeft ? rows : 1, right_inner: transposeRight ? 1 : columns,
          right_column: transposeRight ? inner : 1, result_row: columns, adds: 0,
          right_is_packed: keepsRight ? 1 : 0, all_columns: columns))
      scratchByteCount = niche_product_scratch(columns, inner)
      packedByteCount = keepsRight ? niche_packed_right(columns, inner) : 0
    }
  }

  /// Packs the right operand.
  func pack(_ right: UnsafePointer<Float>, into packed: UnsafeMutablePointer<Float>) {
    guard case .kernel(let product) = way else { return }
    withUnsafePointer(to: product) { kernels.pointee.pack_right($0, right, packed) }
  }

  /// Into how many pieces it may be divided; a sum is the same whatever else is computed beside it.
  var units: Int {
    guard case .kernel = way else { return 1 }
    return dividesColumns
      ? (columns + Self.unitColumns - 1) / Self.unitColumns : (rows + Self.unitRows - 1) / Self.unitRows
  }

  /// Its multiplications in terms of `LoweredOperation.work`.
  var work: Int { rows.multipliedSaturating(by: columns).multipliedSaturating(by: inner) / 16 }

  private static let unitRows = 28
  private static let unitColumns = 64

  /// Computes it, or some units of it, with a bias by column if there is one; the result need not be initialised.
  func callAsFunction(
    _ left: UnsafePointer<Float>, _ right: UnsafePointer<Float>, bias: UnsafePointer<Float>? = nil,
    _ result: UnsafeMutablePointer<Float>, scratch: UnsafeMutableRawPointer, units: Range<Int>? = nil
  ) {
    switch way {
    case .kernel(var product):
      var (row, column) = (0, 0)
      if let units, dividesColumns {
        column = units.lowerBound * Self.unitColumns
        product.columns = min(columns, units.upperBound * Self.unitColumns) - column
      } else if let units {
        row = units.lowerBound * Self.unitRows
        product.rows = min(rows, units.upperBound * Self.unitRows) - row
      }
      kernels.pointee.multiply(
        &product, left + row * product.left_row, right + column * product.right_column,
        bias.map { $0 + column }, result + row * columns + column, scratch)
    case .library(let product):
      if let bias {
        for row in 0..<rows { (result + row * columns).update(from: bias, count: columns) }
      }
      product(left, right, result, adds: bias != nil)
    }
  }
}

extension LoweringContext {
  /// features `[…, I]`, weight `[O, I]`, bias `[O]` if there is one → `[…, O]`.
  func linear(hasBias: Bool) throws(ExecutionError) -> LoweredOperation {
    let (outputs, inputs) = (shape(1)[0], shape(1)[1])
    let product = try DenseProduct(
      kernels, rows: count(0) / inputs, columns: outputs, inner: inputs, transposeRight: true,
      keepsRight: isFixed(1))
    return whole(product, hasBias: hasBias)
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
      let product = try DenseProduct(
        kernels, rows: batches * rows, columns: columns, inner: inner, transposeRight: transposeRight,
        keepsRight: isFixed(1))
      return whole(product)
    }
    let product = try DenseProduct(
      kernels, rows: rows, columns: columns, inner: inner, transposeLeft: transposeLeft,
      transposeRight: transposeRight)
    if batches == 1 { return whole(product) }
    let nest = LoopNest(extents: leading, strides: [leftStrides, rightStrides])
    var operation = LoweredOperation(
      units: batches, scratchByteCount: product.scratchByteCount
    ) { operands, units in
      let (left, right, result) = (operands.input(0), operands.input(1), operands.output(0))
      let scratch = operands.scratch
      return {
        for batch in units {
          let (leftMatrix, rightMatrix) = (nest.offset(batch, of: 0), nest.offset(batch, of: 1))
          product(
            left + leftMatrix * rows * inner, right + rightMatrix * inner * columns,
            result + batch * rows * columns, scratch: scratch)
        }
      }
    }
    operation.work = product.work.multipliedSaturating(by: batches)
    return operation
  }

  /// One product of both operands, plus a bias by column if there is one.
  private func whole(_ product: DenseProduct, hasBias: Bool = false) -> LoweredOperation {
    var operation = LoweredOperation(
      units: product.units, scratchByteCount: product.scratchByteCount
    ) { operands, units in
      let right =
        product.packedByteCount > 0 ? operands.kept.assumingMemoryBound(to: Float.self) : operands.input(1)
      let (left, result, scratch) = (operands.input(0), operands.output(0), operands.scratch)
      let bias = hasBias ? operands.input(2) : nil
      return { product(left, right, bias: bias, result, scratch: scratch, units: units) }
    }
    operation.work = product.work
    if product.packedByteCount > 0 {
      operation.preparation = LoweredOperation.Preparation(byteCount: product.packedByteCount) { operands in
        let (right, packed) = (operands.input(1), operands.kept.assumingMemoryBound(to: Float.self))
        return { product.pack(right, into: packed) }
      }
    }
    return operation
  }
}
