import COpenBLAS

/// OpenBLAS on one thread; candidates run side by side instead.
enum BLAS {
  private static let setUp: Void = openblas_set_num_threads(1)

  /// Pins OpenBLAS to one thread; needed once, before the first product.
  static func prepare() { setUp }
}

/// A product of row-major matrices, C (rows × columns) = A · B + β · C, each operand transposed or not.
struct MatrixProduct {
  private let transposeLeft: CBLAS_TRANSPOSE
  private let transposeRight: CBLAS_TRANSPOSE
  private let rows: Int32
  private let columns: Int32
  private let inner: Int32
  private let leftStride: Int32
  private let rightStride: Int32
  private let resultStride: Int32

  /// A product; strides are the distances of rows as stored and default to dense.
  ///
  /// - Throws: `ExecutionError.tooLarge` where an extent does not fit OpenBLAS's 32-bit integers.
  init(
    rows: Int, columns: Int, inner: Int, transposeLeft: Bool = false, transposeRight: Bool = false,
    leftStride: Int? = nil, rightStride: Int? = nil, resultStride: Int? = nil
  ) throws(ExecutionError) {
    BLAS.prepare()
    self.transposeLeft = transposeLeft ? CblasTrans : CblasNoTrans
    self.transposeRight = transposeRight ? CblasTrans : CblasNoTrans
    self.rows = try Self.extent(rows)
    self.columns = try Self.extent(columns)
    self.inner = try Self.extent(inner)
    self.leftStride = try Self.extent(leftStride ?? (transposeLeft ? rows : inner))
    self.rightStride = try Self.extent(rightStride ?? (transposeRight ? inner : columns))
    self.resultStride = try Self.extent(resultStride ?? columns)
  }

  private static func extent(_ extent: Int) throws(ExecutionError) -> Int32 {
    guard let result = Int32(exactly: extent) else { throw .tooLarge("a matrix with an extent of \(extent)") }
    return result
  }

  /// Computes it; β is 1 if `adds`, else 0 (C need not be initialised).
  func callAsFunction(
    _ left: UnsafePointer<Float>, _ right: UnsafePointer<Float>, _ result: UnsafeMutablePointer<Float>,
    adds: Bool = false
  ) {
    cblas_sgemm(
      CblasRowMajor, transposeLeft, transposeRight, rows, columns, inner, 1, left, leftStride, right,
      rightStride, adds ? 1 : 0, result, resultStride)
  }
}
