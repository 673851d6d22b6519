import NetworkGraph

/// What a recurrent network does at a step.
enum RecurrentCell: String, Sendable {
  case tanh = "RNN_TANH"
  case relu = "RNN_RELU"
  case lstm = "LSTM"
  case gru = "GRU"

  /// How many blocks of rows the weights have: LSTM input, forget, cell, output; GRU reset, update, new.
  var gateCount: Int {
    switch self {
    case .tanh, .relu: 1
    case .lstm: 4
    case .gru: 3
    }
  }
}

/// The weights of one layer in one direction.
struct RecurrentWeights {
  /// Of the input: `[gates · H, inputs]`.
  var input: TracedTensor
  /// Of the state: `[gates · H, outputs]`.
  var hidden: TracedTensor
  var inputBias: TracedTensor?
  var hiddenBias: TracedTensor?
  /// Of an LSTM with projections: `[P, H]`.
  var projection: TracedTensor?
}

/// Hidden and, for an LSTM, cell state.
struct RecurrentState {
  var hidden: TracedTensor
  var cell: TracedTensor?
}

extension Interpreter {
  /// One step of a cell, as PyTorch's.
  ///
  /// - Parameters:
  ///   - projected: the input times its weight, with its bias: `[…, gates · H]`.
  ///   - state: `[…, outputs]` and `[…, H]`.
  func step(
    _ cell: RecurrentCell, _ projected: TracedTensor, _ state: RecurrentState, _ weights: RecurrentWeights
  ) throws(Interruption) -> RecurrentState {
    let recurrent = try linear(state.hidden, weights.hidden, weights.hiddenBias)
    switch cell {
    case .tanh, .relu:
      let sum = try elementwise(.add, projected, recurrent)
      return RecurrentState(hidden: try apply(.unary(cell == .relu ? .relu : .tanh), sum))
    case .lstm:
      let gates = try parts(try elementwise(.add, projected, recurrent), 4)
      let input = try apply(.unary(.sigmoid), gates[0])
      let forget = try apply(.unary(.sigmoid), gates[1])
      let candidate = try apply(.unary(.tanh), gates[2])
      let output = try apply(.unary(.sigmoid), gates[3])
      guard let old = state.cell else { throw unsupported("an LSTM without a cell state") }
      let new = try elementwise(
        .add, try elementwise(.multiply, forget, old), try elementwise(.multiply, input, candidate))
      var hidden = try elementwise(.multiply, output, try apply(.unary(.tanh), new))
      if let projection = weights.projection { hidden = try linear(hidden, projection, nil) }
      return RecurrentState(hidden: hidden, cell: new)
    case .gru:
      let inputs = try parts(projected, 3)
      let recurrents = try parts(recurrent, 3)
      let reset = try apply(.unary(.sigmoid), try elementwise(.add, inputs[0], recurrents[0]))
      let update = try apply(.unary(.sigmoid), try elementwise(.add, inputs[1], recurrents[1]))
      let candidate = try apply(
        .unary(.tanh),
        try elementwise(.add, inputs[2], try elementwise(.multiply, reset, recurrents[2])))
      let difference = try elementwise(.subtract, state.hidden, candidate)
      return RecurrentState(
        hidden: try elementwise(.add, candidate, try elementwise(.multiply, update, difference)))
    }
  }

  /// Equal parts of the last dimension.
  private func parts(_ input: TracedTensor, _ count: Int) throws(Interruption) -> [TracedTensor] {
    let axis = input.rank - 1
    let size = input.shape[axis] / count
    var result: [TracedTensor] = []
    for index in 0..<count { result.append(try slice(input, axis, index * size, (index + 1) * size)) }
    return result
  }

  /// One layer in one direction over a sequence `[T, N, inputs]`: the states `[T, N, outputs]` in the order of the
  /// sequence, and the last.
  func scan(
    _ cell: RecurrentCell, _ sequence: TracedTensor, from state: RecurrentState, _ weights: RecurrentWeights,
    isReversed: Bool
  ) throws(Interruption) -> (output: TracedTensor, state: RecurrentState) {
    // All steps' inputs are projected at once.
    let projected = try linear(sequence, weights.input, weights.inputBias)
    let length = sequence.shape[0]
    var state = state
    var states: [TracedTensor] = []
    try reserve(length)
    for step in 0..<length {
      try spend(4)
      let place = isReversed ? length - 1 - step : step
      state = try self.step(cell, try slice(projected, 0, place, place + 1), state, weights)
      states.append(state.hidden)
    }
    return (try concatenate(isReversed ? states.reversed() : states, 0), state)
  }
}
