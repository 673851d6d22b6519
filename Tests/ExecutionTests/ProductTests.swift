import CKernels
import RandomStreams
import Testing

@testable import Execution

/// Dense products against sums in double precision.
@Suite struct ProductTests {
  struct Shape: Sendable, CustomTestStringConvertible {
    var rows, columns, inner: Int
    var testDescription: String { "\(rows) × \(columns) × \(inner)" }
  }

  /// One of everything, tails of tiles and panels, one more than fits a panel, parts of the sums and of the columns,
  /// packed panels that stay in the nearest cache and such as do not.
  static let shapes: [Shape] = [
    (1, 1, 1), (1, 1, 0), (3, 5, 0), (2, 3, 4), (1, 33, 17), (33, 1, 9), (5, 7, 1), (14, 32, 8), (15, 33, 9),
    (13, 31, 7), (6, 16, 16), (7, 17, 18), (85, 97, 3), (29, 65, 64), (65, 64, 65), (113, 40, 12),
    (230, 20, 15),
    (9, 1025, 5), (3, 1060, 170), (3, 10, 801), (5, 18, 1700), (50, 33, 150), (38, 18, 331),
  ].map { Shape(rows: $0.0, columns: $0.1, inner: $0.2) }

  @Test(arguments: InstructionSet.supported, shapes)
  func productsAgreeWithSums(on set: InstructionSet, _ shape: Shape) throws {
    let kernels = try set.kernels()
    var stream = RandomStream(seed: 7)
    func numbers(_ count: Int) -> [Float] { (0..<count).map { _ in Float(stream.normal()) } }
    let (rows, columns, inner) = (shape.rows, shape.columns, shape.inner)
    // Rows lie further apart than they are long.
    for (transposeLeft, transposeRight, gap) in [
      (false, false, 0), (false, true, 3), (true, false, 1), (true, true, 0), (true, false, 0),
      (false, true, 0),
    ] {
      let leftStep = (transposeLeft ? rows : inner) + gap
      let rightStep = (transposeRight ? inner : columns) + gap
      // Exactly what is read: nothing behind the last row's end.
      let left = numbers(max(1, ((transposeLeft ? inner : rows) - 1) * leftStep + leftStep - gap))
      let right = numbers(max(1, ((transposeRight ? columns : inner) - 1) * rightStep + rightStep - gap))
      let bias = numbers(columns)
      var product = niche_product(
        rows: rows, columns: columns, inner: inner, left_row: transposeLeft ? 1 : leftStep,
        left_inner: transposeLeft ? leftStep : 1, right_inner: transposeRight ? 1 : rightStep,
        right_column: transposeRight ? rightStep : 1, result_row: columns + gap, adds: 0,
        right_is_packed: 0, all_columns: 0)
      let scratch = UnsafeMutableRawPointer.allocate(
        byteCount: niche_product_scratch(columns, inner), alignment: 64)
      defer { scratch.deallocate() }
      for (adds, hasBias) in [(false, false), (false, true), (true, false)] {
        let before = numbers((rows - 1) * (columns + gap) + columns)
        var result = before
        product.adds = adds ? 1 : 0
        if hasBias {
          kernels.pointee.multiply(&product, left, right, bias, &result, scratch)
        } else {
          kernels.pointee.multiply(&product, left, right, nil, &result, scratch)
        }
        if !transposeLeft {
          // Packing beforehand changes no bit.
          let packed = UnsafeMutablePointer<Float>.allocate(capacity: niche_packed_right(columns, inner) / 4)
          defer { packed.deallocate() }
          kernels.pointee.pack_right(&product, right, packed)
          var (packedProduct, packedResult) = (product, before)
          packedProduct.right_is_packed = 1
          kernels.pointee.multiply(
            &packedProduct, left, packed, hasBias ? bias : nil, &packedResult, scratch)
          #expect(packedResult == result)
        }
        var (worst, untouched) = (0.0, true)
        for row in 0..<rows {
          for column in 0..<(columns + gap) where row * (columns + gap) + column < result.count {
            let place = row * (columns + gap) + column
            if column >= columns {
              untouched = untouched && result[place] == before[place]
              continue
            }
            var sum = adds ? Double(before[place]) : hasBias ? Double(bias[column]) : 0
            for k in 0..<inner {
              let a = left[row * product.left_row + k * product.left_inner]
              let b = right[k * product.right_inner + column * product.right_column]
              sum += Double(a) * Double(b)
            }
            let error = abs(Double(result[place]) - sum)
            worst = error > worst || error.isNaN ? error : worst
          }
        }
        let tolerance = 1e-6 * (1 + 6 * Double(inner).squareRoot())
        #expect(
          worst < tolerance && untouched,
          "\(transposeLeft) \(transposeRight) gap \(gap) adds \(adds) bias \(hasBias): \(worst)")
      }
    }
  }
}
