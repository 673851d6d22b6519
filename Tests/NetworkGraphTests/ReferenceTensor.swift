/// A tensor of the reference evaluator: row-major numbers in double precision.
struct ReferenceTensor: Equatable {
  var shape: [Int]
  var elements: [Double]

  init(_ shape: [Int], _ elements: [Double]) {
    self.shape = shape
    self.elements = elements
  }

  init(_ shape: [Int], filledWith number: Double = 0) {
    self.init(shape, [Double](repeating: number, count: shape.reduce(1, *)))
  }

  /// By the coordinates of every place, in row-major order.
  init(_ shape: [Int], by element: ([Int]) -> Double) {
    self.init(shape, Self.places(shape).map(element))
  }

  subscript(_ place: [Int]) -> Double {
    get { elements[offset(place)] }
    set { elements[offset(place)] = newValue }
  }

  /// The element to which a place of a larger shape broadcasts.
  func broadcast(at place: [Int]) -> Double {
    let missing = place.count - shape.count
    return self[shape.indices.map { shape[$0] == 1 ? 0 : place[missing + $0] }]
  }

  private func offset(_ place: [Int]) -> Int {
    zip(shape, place).reduce(0) { $0 * $1.0 + $1.1 }
  }

  /// Every place of a shape, in row-major order.
  static func places(_ shape: [Int]) -> [[Int]] {
    var places: [[Int]] = [[]]
    for extent in shape { places = places.flatMap { place in (0..<extent).map { place + [$0] } } }
    return places
  }
}
