import NetworkGraph

extension Library {
  /// `nn.RNN`, `nn.LSTM`, `nn.GRU` and their cells, composed of the graph's operations step by step.
  static let recurrentLayers: Family = { library in
    library.add(NativeClass("torch.nn.RNNBase", base: "torch.nn.Module"))
    let common = "bias=True, batch_first=False, dropout=0.0, bidirectional=False"
    for (name, signature) in [
      ("RNN", "(input_size, hidden_size, num_layers=1, nonlinearity='tanh', \(common), proj_size=0, "),
      ("LSTM", "(input_size, hidden_size, num_layers=1, \(common), proj_size=0, "),
      ("GRU", "(input_size, hidden_size, num_layers=1, \(common), proj_size=0, "),
    ] {
      library.module(
        name, signature + "device=None, dtype=None)", base: "torch.nn.RNNBase",
        { (call, module) throws(Interruption) in try call.interpreter.makeRecurrent(call, module, name) },
        methods: [
          "forward": NativeFunction("\(name).forward", "(self, input, hx=None)") {
            (call) throws(Interruption) in
            try call.interpreter.runRecurrent(try call.instance(), call["input"], call["hx"])
          },
          "flatten_parameters": NativeFunction("\(name).flatten_parameters", "(self)") {
            (_) throws(Interruption) in .none
          },
        ])
    }
    for (name, signature) in [
      ("RNNCell", "(input_size, hidden_size, bias=True, nonlinearity='tanh', device=None, dtype=None)"),
      ("LSTMCell", "(input_size, hidden_size, bias=True, device=None, dtype=None)"),
      ("GRUCell", "(input_size, hidden_size, bias=True, device=None, dtype=None)"),
    ] {
      library.module(
        name, signature,
        { (call, module) throws(Interruption) in try call.interpreter.makeCell(call, module, name) },
        methods: [
          "forward": NativeFunction("\(name).forward", "(self, input, hx=None)") {
            (call) throws(Interruption) in
            try call.interpreter.runCell(try call.instance(), try call.tensor("input"), call["hx"])
          }
        ])
    }
    library.namespace("torch.nn.utils", "torch.nn.utils.rnn")
    for name in ["pack_padded_sequence", "pad_packed_sequence", "pack_sequence", "PackedSequence"] {
      library.function("torch.nn.utils.rnn.\(name)", signature: "(*args, **kwargs)") {
        (call) throws(Interruption) in
        throw call.interpreter.unsupported(
          "\(name) is not supported: the lengths of a graph's sequences are fixed",
          hint: "give the recurrent layer the padded tensor itself")
      }
    }
  }
}

extension Interpreter {
  fileprivate func makeRecurrent(
    _ call: NativeCall, _ module: PythonInstance, _ name: String
  ) throws(Interruption) {
    let inputs = try call.int("input_size")
    let hidden = try call.int("hidden_size")
    let layers = try call.int("num_layers")
    let projected = try call.int("proj_size")
    var cell = RecurrentCell(rawValue: name) ?? .tanh
    if name == "RNN" {
      let nonlinearity = try call.string("nonlinearity")
      guard ["tanh", "relu"].contains(nonlinearity) else {
        throw raise(.valueError, "Unknown nonlinearity '\(nonlinearity)'. Select from 'tanh' or 'relu'.")
      }
      cell = nonlinearity == "relu" ? .relu : .tanh
    }
    if cell != .lstm, projected != 0 {
      throw raise(.valueError, "proj_size argument is only supported for LSTM, not RNN or GRU")
    }
    let dropout = try call.double("dropout")
    guard dropout >= 0, dropout <= 1 else {
      throw raise(
        .valueError,
        "dropout should be a number in range [0, 1] representing the probability of an element being zeroed",
        identifier: "torch.argument")
    }
    guard hidden > 0 else { throw raise(.valueError, "hidden_size must be greater than zero") }
    guard layers > 0 else { throw raise(.valueError, "num_layers must be greater than zero") }
    try check("input_size", inputs, name)
    guard projected >= 0 else {
      throw raise(.valueError, "proj_size should be a positive integer or zero to disable projections")
    }
    guard projected < hidden else {
      throw raise(.valueError, "proj_size has to be smaller than hidden_size")
    }
    let hasBias = try call.bool("bias")
    let directions = try call.bool("bidirectional") ? 2 : 1
    module.set("mode", .string(cell.rawValue))
    module.set("bias", .bool(hasBias))
    let distribution = Self.uniform(fanIn: hidden)
    guard hidden < 1 << 40 else { throw exhausted("hidden_size=\(hidden) is too large", "limit.tensor") }
    let rows = hidden * cell.gateCount
    let outputs = projected > 0 ? projected : hidden
    for layer in 0..<layers {
      // Each layer is as much as a module of its own.
      try spend(64)
      try reserve(64)
      for direction in 0..<directions {
        let suffix = "l\(layer)\(direction == 1 ? "_reverse" : "")"
        let columns = layer == 0 ? inputs : outputs * directions
        try register("weight_ih_\(suffix)", of: module, [rows, columns], distribution)
        try register("weight_hh_\(suffix)", of: module, [rows, outputs], distribution)
        if hasBias {
          try register("bias_ih_\(suffix)", of: module, [rows], distribution)
          try register("bias_hh_\(suffix)", of: module, [rows], distribution)
        }
        if projected > 0 {
          try register("weight_hr_\(suffix)", of: module, [projected, hidden], distribution)
        }
      }
    }
  }

  fileprivate func runRecurrent(
    _ module: PythonInstance, _ value: PythonValue, _ initial: PythonValue
  ) throws(Interruption) -> PythonValue {
    guard case .tensor(let input) = value else {
      throw raise(.typeError, "\(module.type.name) takes a tensor, not \(typeName(value))")
    }
    let cell = RecurrentCell(rawValue: module.string("mode")) ?? .tanh
    let kind = cell == .tanh || cell == .relu ? "RNN" : cell.rawValue
    guard input.rank == 2 || input.rank == 3 else {
      throw raise(
        .valueError, "\(kind): Expected input to be 2D or 3D, got \(input.rank)D instead",
        hint: "\(described(module)) gets \(input.shape)", identifier: "torch.shape")
    }
    let isBatched = input.rank == 3
    guard input.shape.last == module.int("input_size") else {
      let reached = input.shape.last ?? 0
      throw mismatch(
        module, "input_size", builtFor: module.int("input_size"), reached: reached,
        "input.size(-1) must be equal to input_size. Expected \(module.int("input_size")), got \(reached)")
    }
    let isBatchFirst = module.bool("batch_first") && isBatched
    // From here on sequences are [T, N, features].
    var sequence = input
    if !isBatched { sequence = try reshape(input, [input.shape[0], 1, input.shape[1]]) }
    if isBatchFirst { sequence = try permute(sequence, [1, 0, 2]) }
    let layers = module.int("num_layers")
    let directions = module.bool("bidirectional") ? 2 : 1
    guard layers > 0, layers <= module.module?.parameters.count ?? 0 else {
      throw raise(.indexError, "\(kind): num_layers is \(layers), and there are no weights of so many layers")
    }
    let states = try initialStates(
      initial, module, cell, count: layers * directions, batch: sequence.shape[1], isBatched: isBatched)
    var last: [RecurrentState] = []
    for layer in 0..<layers {
      var outputs: [TracedTensor] = []
      for direction in 0..<directions {
        let suffix = "l\(layer)\(direction == 1 ? "_reverse" : "")"
        let result = try scan(
          cell, sequence, from: states[layer * directions + direction],
          try recurrentWeights(of: module, suffix), isReversed: direction == 1)
        outputs.append(result.output)
        last.append(result.state)
      }
      sequence = outputs.count == 1 ? outputs[0] : try concatenate(outputs, 2)
      if layer < layers - 1 {
        sequence = try dropout(
          sequence, module.double("dropout"), isPerChannel: false, isActive: module.bool("training"))
      }
    }
    if isBatchFirst { sequence = try permute(sequence, [1, 0, 2]) }
    if !isBatched { sequence = try reshape(sequence, [sequence.shape[0], sequence.shape[2]]) }
    func joined(_ parts: [TracedTensor]) throws(Interruption) -> PythonValue {
      let whole = parts.count == 1 ? parts[0] : try concatenate(parts, 0)
      return .tensor(isBatched ? whole : try reshape(whole, [whole.shape[0], whole.shape[2]]))
    }
    var final = try joined(last.map(\.hidden))
    if cell == .lstm { final = try tuple([final, try joined(last.compactMap(\.cell))]) }
    return try tuple([.tensor(sequence), final])
  }

  private func recurrentWeights(
    of module: PythonInstance, _ suffix: String
  ) throws(Interruption) -> RecurrentWeights {
    guard case .tensor(let input) = try attribute("weight_ih_\(suffix)", of: .instance(module)),
      case .tensor(let hidden) = try attribute("weight_hh_\(suffix)", of: .instance(module))
    else {
      throw raise(.attributeError, "'\(module.type.name)' object has no weights of the layer \(suffix)")
    }
    return RecurrentWeights(
      input: input, hidden: hidden, inputBias: module.tensor("bias_ih_\(suffix)"),
      hiddenBias: module.tensor("bias_hh_\(suffix)"), projection: module.tensor("weight_hr_\(suffix)"))
  }

  /// The states of all layers and directions to begin with, each `[1, N, …]`: those given, or zeros.
  private func initialStates(
    _ value: PythonValue, _ module: PythonInstance, _ cell: RecurrentCell, count: Int, batch: Int,
    isBatched: Bool
  ) throws(Interruption) -> [RecurrentState] {
    let hidden = module.int("hidden_size")
    let outputs = module.int("proj_size") > 0 ? module.int("proj_size") : hidden
    func split(_ value: PythonValue, _ features: Int, _ name: String) throws(Interruption) -> [TracedTensor] {
      guard case .tensor(let given) = value else {
        throw raise(.typeError, "\(module.type.name): \(name) must be a Tensor, not \(typeName(value))")
      }
      guard given.rank == (isBatched ? 3 : 2) else {
        throw raise(
          .runtimeError,
          isBatched
            ? "For batched 3-D input, hx should also be 3-D but got \(given.rank)-D tensor"
            : "For unbatched 2-D input, hx should also be 2-D but got \(given.rank)-D tensor",
          identifier: "torch.shape")
      }
      let whole = isBatched ? given : try reshape(given, [given.shape[0], 1, given.shape[1]])
      let expected = [count, batch, features]
      guard whole.shape == expected else {
        throw raise(
          .runtimeError,
          "Expected \(name) size (\(expected[0]), \(expected[1]), \(expected[2])), got \(given.shape)",
          hint: "a state is [layers · directions, batch, features], also with batch_first=True",
          identifier: "torch.shape")
      }
      var parts: [TracedTensor] = []
      for index in 0..<count { parts.append(try slice(whole, 0, index, index + 1)) }
      return parts
    }
    func zeros(_ features: Int) throws(Interruption) -> [TracedTensor] {
      let zero = try tensor(.fill(0), [1, batch, features])
      return [TracedTensor](repeating: zero, count: count)
    }
    let isGiven = !isNone(value)
    guard cell == .lstm else {
      return try (isGiven ? split(value, outputs, "hidden") : zeros(outputs)).map {
        RecurrentState(hidden: $0)
      }
    }
    guard isGiven else {
      return zip(try zeros(outputs), try zeros(hidden)).map { RecurrentState(hidden: $0, cell: $1) }
    }
    let pair = try pairOfStates(value, module)
    return zip(try split(pair.0, outputs, "hidden[0]"), try split(pair.1, hidden, "hidden[1]")).map {
      RecurrentState(hidden: $0, cell: $1)
    }
  }

  private func pairOfStates(
    _ value: PythonValue, _ module: PythonInstance
  ) throws(Interruption) -> (PythonValue, PythonValue) {
    if case .tensor = value {
      throw raise(
        .runtimeError, "\(module.type.name): hx must be a tuple of hidden and cell state, not a Tensor",
        hint: "give it (h, c)")
    }
    let pair = try elements(of: value)
    guard pair.count == 2 else {
      throw raise(
        .valueError, "\(module.type.name): hx must be a tuple of hidden and cell state, not of \(pair.count)")
    }
    return (pair[0], pair[1])
  }

  // MARK: Cells

  fileprivate func makeCell(
    _ call: NativeCall, _ module: PythonInstance, _ name: String
  ) throws(Interruption) {
    let inputs = try call.int("input_size")
    let hidden = try call.int("hidden_size")
    try check("input_size", inputs, name)
    try check("hidden_size", hidden, name)
    var cell = name == "LSTMCell" ? RecurrentCell.lstm : name == "GRUCell" ? .gru : .tanh
    if name == "RNNCell" {
      let nonlinearity = try call.string("nonlinearity")
      guard ["tanh", "relu"].contains(nonlinearity) else {
        throw raise(.runtimeError, "Unknown nonlinearity: \(nonlinearity)")
      }
      if nonlinearity == "relu" { cell = .relu }
    }
    module.set("bias", call["bias"])
    module.set("mode", .string(cell.rawValue))
    guard hidden < 1 << 40 else { throw exhausted("hidden_size=\(hidden) is too large", "limit.tensor") }
    let rows = hidden * cell.gateCount
    let distribution = Self.uniform(fanIn: hidden)
    try register("weight_ih", of: module, [rows, inputs], distribution)
    try register("weight_hh", of: module, [rows, hidden], distribution)
    let bias = try call.bool("bias") ? [rows] : nil
    try register("bias_ih", of: module, bias, distribution)
    try register("bias_hh", of: module, bias, distribution)
  }

  fileprivate func runCell(
    _ module: PythonInstance, _ input: TracedTensor, _ initial: PythonValue
  ) throws(Interruption) -> PythonValue {
    let cell = RecurrentCell(rawValue: module.string("mode")) ?? .tanh
    let name = module.type.nearestNative?.name ?? "RNNCell"
    guard input.rank == 1 || input.rank == 2 else {
      throw raise(
        .valueError, "\(name): Expected input to be 1D or 2D, got \(input.rank)D instead",
        identifier: "torch.shape")
    }
    guard input.shape.last == module.int("input_size") else {
      throw mismatch(
        module, "input_size", builtFor: module.int("input_size"), reached: input.shape.last ?? 0,
        "input has inconsistent input_size: got \(input.shape.last ?? 0) expected \(module.int("input_size"))"
      )
    }
    let batch = input.rank == 2 ? input.shape[0] : 1
    let hidden = module.int("hidden_size")
    func state(_ value: PythonValue) throws(Interruption) -> TracedTensor {
      guard case .tensor(let given) = value else {
        throw raise(.typeError, "\(name): hx must be a Tensor, not \(typeName(value))")
      }
      guard given.rank == input.rank, given.shape.last == hidden, given.count == batch * hidden else {
        throw raise(
          .runtimeError, "\(name): Expected hidden of shape [\(batch), \(hidden)], got \(given.shape)",
          identifier: "torch.shape")
      }
      return try reshape(given, [batch, hidden])
    }
    let zero = try tensor(.fill(0), [batch, hidden])
    var before = RecurrentState(hidden: zero, cell: cell == .lstm ? zero : nil)
    if !isNone(initial) {
      if cell == .lstm {
        let pair = try pairOfStates(initial, module)
        before = RecurrentState(hidden: try state(pair.0), cell: try state(pair.1))
      } else {
        before = RecurrentState(hidden: try state(initial))
      }
    }
    guard let weight = module.tensor("weight_ih"), let recurrent = module.tensor("weight_hh") else {
      throw raise(.attributeError, "'\(name)' object has no attribute 'weight_ih'")
    }
    let weights = RecurrentWeights(
      input: weight, hidden: recurrent, inputBias: module.tensor("bias_ih"),
      hiddenBias: module.tensor("bias_hh"))
    let sequence = try reshape(input, [batch, module.int("input_size")])
    let after = try step(cell, try linear(sequence, weights.input, weights.inputBias), before, weights)
    func shaped(_ tensor: TracedTensor) throws(Interruption) -> PythonValue {
      .tensor(input.rank == 2 ? tensor : try reshape(tensor, [hidden]))
    }
    guard let new = after.cell else { return try shaped(after.hidden) }
    return try tuple([try shaped(after.hidden), try shaped(new)])
  }
}
