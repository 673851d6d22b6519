/// A symmetric matrix in double precision, row-major; for correlations of some tens or hundreds of rows.
struct SymmetricMatrix {
  let order: Int
  var elements: [Double]

  /// A matrix of those elements, order × order.
  init(order: Int, elements: [Double]) {
    self.order = order
    self.elements = elements
  }

  /// Σ over columns of row · row, after the mean of each row was taken off it where that is asked for.
  init(productsOf rows: [[Float]], isCentred: Bool) {
    let centred = rows.map { row in
      let mean = isCentred ? row.reduce(0) { $0 + Double($1) } / Double(max(1, row.count)) : 0
      return row.map { Double($0) - mean }
    }
    order = rows.count
    elements = [Double](repeating: 0, count: order * order)
    for i in 0..<order {
      for j in 0...i {
        var sum = 0.0
        let (left, right) = (centred[i], centred[j])
        for column in left.indices { sum += left[column] * right[column] }
        elements[i * order + j] = sum
        elements[j * order + i] = sum
      }
    }
  }

  /// The correlation coefficients of rows, clipped to −1…1 as NumPy's `corrcoef`; nil where a row is constant.
  init?(correlationsOf rows: [[Float]]) {
    self.init(productsOf: rows, isCentred: true)
    let lengths = (0..<order).map { elements[$0 * order + $0].squareRoot() }
    guard lengths.allSatisfy({ $0 > 0 && $0.isFinite }) else { return nil }
    for i in 0..<order {
      for j in 0..<order {
        elements[i * order + j] = min(1, max(-1, elements[i * order + j] / (lengths[i] * lengths[j])))
      }
    }
  }

  /// All eigenvalues in ascending order: Householder's tridiagonal form, then implicit QL steps (Wilkinson & Reinsch).
  func eigenvalues() -> [Double] {
    var (diagonal, below) = tridiagonal()
    for first in 0..<order {
      // Sixty steps are far more than any eigenvalue has been seen to need.
      for _ in 0..<60 {
        var last = first
        while last < order - 1 {
          let scale = abs(diagonal[last]) + abs(diagonal[last + 1])
          if abs(below[last]) <= scale * Double.ulpOfOne { break }
          last += 1
        }
        if last == first { break }
        Self.step(&diagonal, &below, first, last)
      }
    }
    return diagonal.sorted()
  }

  /// One implicit QL step with Wilkinson's shift on the block first…last.
  private static func step(_ diagonal: inout [Double], _ below: inout [Double], _ first: Int, _ last: Int) {
    var g = (diagonal[first + 1] - diagonal[first]) / (2 * below[first])
    let length = hypotenuse(g, 1)
    g = diagonal[last] - diagonal[first] + below[first] / (g + (g < 0 ? -length : length))
    var (sine, cosine, shift) = (1.0, 1.0, 0.0)
    for index in stride(from: last - 1, through: first, by: -1) {
      let (f, b) = (sine * below[index], cosine * below[index])
      let r = hypotenuse(f, g)
      below[index + 1] = r
      if r == 0 {
        diagonal[index + 1] -= shift
        below[last] = 0
        return
      }
      (sine, cosine) = (f / r, g / r)
      g = diagonal[index + 1] - shift
      let t = (diagonal[index] - g) * sine + 2 * cosine * b
      shift = sine * t
      diagonal[index + 1] = g + shift
      g = cosine * t - b
    }
    diagonal[first] -= shift
    below[first] = g
    below[last] = 0
  }

  private static func hypotenuse(_ a: Double, _ b: Double) -> Double {
    let (large, small) = (max(abs(a), abs(b)), min(abs(a), abs(b)))
    guard large > 0 else { return 0 }
    let ratio = small / large
    return large * (1 + ratio * ratio).squareRoot()
  }

  /// Diagonal and subdiagonal of a similar tridiagonal matrix; `below[i]` stands between i and i + 1.
  private func tridiagonal() -> (diagonal: [Double], below: [Double]) {
    var a = elements
    let n = order
    var below = [Double](repeating: 0, count: max(1, n))
    var reflector = [Double](repeating: 0, count: n)
    var product = [Double](repeating: 0, count: n)
    for column in stride(from: 0, to: n - 2, by: 1) {
      var square = 0.0
      for row in column + 1..<n { square += a[row * n + column] * a[row * n + column] }
      let head = a[(column + 1) * n + column]
      let rest = square - head * head
      guard rest > 0, square > 0 else {
        below[column] = head
        continue
      }
      let alpha = head > 0 ? -square.squareRoot() : square.squareRoot()
      below[column] = alpha
      for row in column + 1..<n { reflector[row] = a[row * n + column] }
      reflector[column + 1] -= alpha
      let scale = 1 / (square - head * alpha)
      // a − v·wᵀ − w·vᵀ with w = scale·a·v − ½·scale²·(vᵀ·a·v)·v
      var inner = 0.0
      for row in column + 1..<n {
        var sum = 0.0
        for other in column + 1..<n { sum += a[row * n + other] * reflector[other] }
        product[row] = sum * scale
        inner += product[row] * reflector[row]
      }
      for row in column + 1..<n { product[row] -= inner * scale / 2 * reflector[row] }
      for row in column + 1..<n {
        for other in column + 1..<n {
          a[row * n + other] -= reflector[row] * product[other] + product[row] * reflector[other]
        }
      }
    }
    if n > 1 { below[n - 2] = a[(n - 1) * n + n - 2] }
    return ((0..<n).map { a[$0 * n + $0] }, below)
  }

  /// log |det|, by elimination with partial pivots; −∞ where the matrix is singular.
  func logDeterminant(_ log: (Double) -> Double) -> Double {
    var a = elements
    let n = order
    var result = 0.0
    for column in 0..<n {
      var pivot = column
      for row in column..<n where abs(a[row * n + column]) > abs(a[pivot * n + column]) { pivot = row }
      let value = a[pivot * n + column]
      guard value != 0 else { return -.infinity }
      if pivot != column { for k in 0..<n { a.swapAt(pivot * n + k, column * n + k) } }
      result += log(abs(value))
      for row in column + 1..<max(column + 1, n) {
        let factor = a[row * n + column] / value
        guard factor != 0 else { continue }
        for k in column..<n { a[row * n + k] -= factor * a[column * n + k] }
      }
    }
    return result
  }
}
