/// Elements chosen by indices, one after the other.
enum ReferenceIndexing {
  static func gather(_ x: ReferenceTensor, _ indices: ReferenceTensor, _ axis: Int) -> ReferenceTensor {
    ReferenceTensor(indices.shape) { x[source($0, indices, axis)] }
  }

  static func gatherGradient(
    _ gradient: ReferenceTensor, _ indices: ReferenceTensor, _ axis: Int, _ shape: [Int]
  ) -> ReferenceTensor {
    var result = ReferenceTensor(shape)
    for place in ReferenceTensor.places(indices.shape) {
      result[source(place, indices, axis)] += gradient[place]
    }
    return result
  }

  static func take(
    _ x: ReferenceTensor, _ indices: ReferenceTensor, _ axis: Int, _ shape: [Int]
  ) -> ReferenceTensor {
    ReferenceTensor(shape) { x[taken($0, indices, axis)] }
  }

  static func takeGradient(
    _ gradient: ReferenceTensor, _ indices: ReferenceTensor, _ axis: Int, _ shape: [Int]
  ) -> ReferenceTensor {
    var result = ReferenceTensor(shape)
    for place in ReferenceTensor.places(gradient.shape) {
      result[taken(place, indices, axis)] += gradient[place]
    }
    return result
  }

  private static func source(_ place: [Int], _ indices: ReferenceTensor, _ axis: Int) -> [Int] {
    var source = place
    source[axis] = Int(indices[place])
    return source
  }

  private static func taken(_ place: [Int], _ indices: ReferenceTensor, _ axis: Int) -> [Int] {
    let rank = indices.shape.count
    let index = indices[Array(place[axis..<axis + rank])]
    return place[..<axis] + [Int(index)] + place[(axis + rank)...]
  }
}
