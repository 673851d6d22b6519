import NetworkGraph

/// Attention by its definition.
struct ReferenceAttention {
  private let attention: Attention
  private let x: [ReferenceTensor]
  /// Of every score, `[…, L, S]`.
  private let scores: ReferenceTensor

  init(_ attention: Attention, _ x: [ReferenceTensor]) {
    self.attention = attention
    self.x = x
    let (rows, keys) = (Array(x[0].shape.dropLast()), x[1].shape[x[1].shape.count - 2])
    scores = ReferenceTensor(rows + [keys]) { place in
      let (query, key) = (Array(place.dropLast()), place.dropLast(2) + [place.last!])
      let sum = (0..<x[0].shape.last!).reduce(0) { $0 + x[0][query + [$1]] * x[1][key + [$1]] }
      return sum * attention.scale + (attention.hasMask ? x[3].broadcast(at: place) : 0)
    }
  }

  private var keys: Int { scores.shape.last! }

  func forward() -> [ReferenceTensor] {
    let logarithms = ReferenceTensor(Array(scores.shape.dropLast())) { row in
      let maximum = (0..<keys).map { scores[row + [$0]] }.max()!
      return maximum + logarithm((0..<keys).reduce(0) { $0 + exponential(scores[row + [$1]] - maximum) })
    }
    let result = ReferenceTensor(Array(x[0].shape.dropLast()) + [x[2].shape.last!]) { place in
      let row = Array(place.dropLast())
      return (0..<keys).reduce(0) { sum, key in
        sum + exponential(scores[row + [key]] - logarithms[row]) * x[2][row.dropLast() + [key, place.last!]]
      }
    }
    return [result, logarithms]
  }

  func gradients() -> [ReferenceTensor] {
    let (result, logarithms, gradient) = (x[x.count - 3], x[x.count - 2], x[x.count - 1])
    var (ofQuery, ofKey, ofValue) = (
      ReferenceTensor(x[0].shape), ReferenceTensor(x[1].shape), ReferenceTensor(x[2].shape)
    )
    for place in ReferenceTensor.places(scores.shape) {
      let (row, key) = (Array(place.dropLast()), place.dropLast(2) + [place.last!])
      let share = exponential(scores[place] - logarithms[row])
      var slope = 0.0
      for i in 0..<x[2].shape.last! {
        slope += gradient[row + [i]] * (x[2][key + [i]] - result[row + [i]])
        ofValue[key + [i]] += share * gradient[row + [i]]
      }
      slope *= share * attention.scale
      for i in 0..<x[0].shape.last! {
        ofQuery[row + [i]] += slope * x[1][key + [i]]
        ofKey[key + [i]] += slope * x[0][row + [i]]
      }
    }
    return [ofQuery, ofKey, ofValue]
  }

  private func exponential(_ x: Double) -> Double { UnaryFunction.exponential.reference(x) }
  private func logarithm(_ x: Double) -> Double { UnaryFunction.logarithm.reference(x) }
}
