import NetworkGraph

/// Writes the constructor and the forward pass of one block.
struct WrittenScope {
  private let classes: WrittenClasses
  private let module: WrittenModule
  private var tree: WrittenTree { classes.tree }
  private var graph: Graph { tree.graph }
  /// What is held in which local variable.
  private var names: [ValueID: String] = [:]
  private var taken: Set<String> = []
  /// Constants that are attributes, by value.
  private var constants: [ValueID: String] = [:]
  private var constantLines: [WrittenLine] = []
  private var lines: [String] = []

  private static let locals = ["x", "y", "z", "u", "v", "w"]

  init(_ classes: WrittenClasses, _ module: WrittenModule) {
    self.classes = classes
    self.module = module
  }

  mutating func body() throws(GraphError) -> WrittenBody {
    let steps = try classes.steps(of: module)
    let isRoot = module.parent == nil
    var arguments: [String] = []
    var inputs: [ValueID] = []
    var results: [ValueID] = []
    var updates: [(buffer: ValueID, value: ValueID)] = []
    if isRoot {
      inputs = graph.inputs.map(\.value)
      results = graph.outputs
      for update in graph.bufferUpdates where !classes.isState(update.value) {
        updates.append((update.buffer, update.value))
      }
    } else {
      let inside = Set(steps.flatMap(\.nodes))
      let last = inside.max() ?? 0
      for step in steps {
        for input in step.inputs where isForeign(input, inside) && !inputs.contains(input) {
          inputs.append(input)
        }
        for output in step.outputs where tree.lastReader[output.index] > last { results.append(output) }
      }
    }
    for (index, input) in inputs.enumerated() {
      var name = isRoot ? graph.inputs[index].name : ""
      if !PythonNames.isIdentifier(name) || taken.contains(name) { name = freeName() }
      take(name, for: input)
      arguments.append(name)
    }
    var lastUse: [ValueID: Int] = [:]
    for (index, step) in steps.enumerated() { for input in step.inputs { lastUse[input] = index } }
    for value in results + updates.map(\.value) + (isRoot ? inputs : []) { lastUse[value] = .max }
    for (index, step) in steps.enumerated() {
      let text = try expression(step)
      for value in Set(step.inputs) where lastUse[value] == index {
        if let name = names.removeValue(forKey: value) { taken.remove(name) }
      }
      bind(step, text)
    }
    for (buffer, value) in updates { lines.append("\(try operand(buffer)).copy_(\(try operand(value)))") }
    var returned: [String] = []
    for value in results { returned.append(try tensor(value)) }
    lines.append("return " + returned.joined(separator: ", "))
    let construction = try construction(of: module, at: "self") + constantLines
    return WrittenBody(construction: construction, arguments: arguments, forward: lines)
  }

  /// Whether a value must be handed in.
  private func isForeign(_ value: ValueID, _ inside: Set<Int>) -> Bool {
    if inside.contains(graph.values[value.index].producer) { return false }
    if case .constant = graph.producer(of: value).operation { return false }
    if let owner = tree.owners[tree.bufferOf[value] ?? value] {
      return !owner.module.path.starts(with: module.path)
    }
    return true
  }

  // MARK: Local variables

  private mutating func take(_ name: String, for value: ValueID) {
    names[value] = name
    taken.insert(name)
  }

  private func freeName() -> String {
    for name in Self.locals where !taken.contains(name) { return name }
    var number = 1
    while taken.contains("x\(number)") { number += 1 }
    return "x\(number)"
  }

  private mutating func bind(_ step: Step, _ text: String) {
    var targets: [String] = []
    for output in step.outputs {
      let name = freeName()
      take(name, for: output)
      targets.append(name)
    }
    guard step.target == nil, let node = step.nodes.first.map({ graph.nodes[$0] }) else {
      lines.append("\(targets.joined(separator: ", ")) = \(text)")
      return
    }
    var text = text
    if case .sort = node.operation, step.outputs.count == 1 {
      text += step.outputs[0] == node.outputs[0] ? "[0]" : "[1]"
    }
    switch node.operation {
    case .maximumPooling, .adaptiveMaximumPooling:
      if step.outputs.count == 1, step.outputs[0] != node.outputs[0] { text += "[1]" }
    default: break
    }
    lines.append("\(targets.joined(separator: ", ")) = \(text)")
  }

  typealias Step = WrittenClasses.Step

  // MARK: Expressions

  private mutating func expression(_ step: Step) throws(GraphError) -> String {
    if let target = step.target {
      var arguments: [String] = []
      for input in step.inputs { arguments.append(try tensor(input)) }
      return "\(access(to: target))(\(arguments.joined(separator: ", ")))"
    }
    guard let index = step.nodes.first else { throw GraphError("write.operation", "an empty statement") }
    let node = graph.nodes[index]
    if case .batchNormalization(let normalization) = node.operation, node.outputs.count > 1 {
      let auxiliary = node.outputs.dropFirst().filter { step.outputs.contains($0) }
      let stores = normalization.tracksRunningStatistics && normalization.isTraining
      guard auxiliary.isEmpty,
        !stores
          || node.outputs.suffix(2).allSatisfy({ classes.isState($0) && tree.lastReader[$0.index] >= 0 })
      else {
        throw GraphError(
          "write.operation", "batch statistics are used otherwise than to update the running ones")
      }
    }
    if case .dropout = node.operation, step.outputs.contains(where: { $0 != node.outputs[0] }) {
      throw GraphError("write.operation", "the mask of a dropout is used, which PyTorch does not give")
    }
    var operands: [String] = []
    for (place, input) in node.inputs.enumerated() {
      let isNumber: Bool
      switch node.operation {
      case .binary: isNumber = place == 1 || !isScalar(node.inputs[1])
      case .select: isNumber = place > 0
      default: isNumber = false
      }
      operands.append(try isNumber ? operand(input) : tensor(input))
    }
    let batches = names.filter { graph.type(of: $0.key).shape.first == tree.batch }.min { $0.key < $1.key }
    let batch = tree.batch
    let writer = WrittenOperation(
      tree: tree, node: node, operands: operands, truths: node.inputs.map { classes.truths[$0.index] },
      extent: { size in
        if size == batch, let name = batches?.value { return "\(name).shape[0]" }
        return "\(size)"
      })
    return try writer.expression()
  }

  private func isScalar(_ value: ValueID) -> Bool {
    guard case .constant(.fill(_, let type)) = graph.producer(of: value).operation else { return false }
    return type.rank == 0
  }

  /// A value as a tensor, also where it is a plain number.
  private mutating func tensor(_ value: ValueID) throws(GraphError) -> String {
    let text = try operand(value)
    return isScalar(value) ? "torch.tensor(\(text))" : text
  }

  /// A value as a local variable, an attribute, or a literal.
  private mutating func operand(_ value: ValueID) throws(GraphError) -> String {
    if let name = names[value] { return name }
    if let owner = tree.owners[tree.bufferOf[value] ?? value] {
      return Self.member(owner.name, of: access(to: owner.module), inList: owner.module.isParameterList)
    }
    guard case .constant(let constant) = graph.producer(of: value).operation else {
      throw GraphError("write.operation", "%\(value.index) is not available where it is read")
    }
    let isTruth = classes.truths[value.index]
    switch constant {
    case .fill(let number, let type):
      var text = isTruth ? (number == 0 ? "False" : "True") : WrittenText.number(number)
      if type.elementType == .int32 { text = "\(Int(exactly: number) ?? 0)" }
      guard type.rank > 0 else { return text.hasPrefix("-") ? "(\(text))" : text }
      return "torch.full(\(WrittenText.tuple(type.shape)), \(text))"
    case .values(let values, let shape):
      let text = try WrittenInitialization.expression(
        .values(values), TensorType(.float32, shape), isTruth: isTruth)
      return attribute(value, text ?? "None")
    case .integers(let values, let shape):
      if let range = WrittenInitialization.range(values.map(Double.init), isInteger: true) {
        return attribute(value, WrittenInitialization.reshaped(range + ")", shape))
      }
      return attribute(value, try WrittenInitialization.tensor(values.map { "\($0)" }, shape, ""))
    }
  }

  private mutating func attribute(_ value: ValueID, _ text: String) -> String {
    if let known = constants[value] { return known }
    var number = constants.count + 1
    while module.variables.contains(where: { $0.name == "constant_\(number)" })
      || module.child("constant_\(number)") != nil
    {
      number += 1
    }
    let name = "self.constant_\(number)"
    constants[value] = name
    constantLines.append(WrittenLine("\(name) = \(text)"))
    return name
  }

  // MARK: Places

  /// How a module within this one is reached.
  private func access(to target: WrittenModule) -> String {
    var chain: [WrittenModule] = []
    var current: WrittenModule? = target
    while let module = current, module !== self.module {
      chain.append(module)
      current = module.parent
    }
    return chain.reversed().reduce("self") { text, module in
      Self.member(module.name, of: text, inList: module.parent?.isList ?? false)
    }
  }

  private static func member(_ name: String, of place: String, inList: Bool) -> String {
    if inList { return "\(place)[\(name)]" }
    return PythonNames.isIndex(name) ? "getattr(\(place), \"\(name)\")" : "\(place).\(name)"
  }

  // MARK: The constructor

  /// The lines that fill a module at a place with its variables and children.
  private func construction(of module: WrittenModule, at place: String) throws(GraphError) -> [WrittenLine] {
    var lines: [WrittenLine] = []
    if !module.isParameterList {
      for variable in module.variables { lines += try declaration(variable, at: place) }
    }
    for child in module.children {
      let access = Self.member(child.name, of: place, inList: module.isList)
      if !module.isList {
        let pieces = try built(child)
        if PythonNames.isIndex(child.name) {
          lines.append(
            WrittenLine([.text("\(place).add_module(\"\(child.name)\", ")] + pieces + [.text(")")]))
        } else {
          lines.append(WrittenLine([.text("\(access) = ")] + pieces))
        }
      }
      lines += try filling(of: child, at: access)
    }
    return lines
  }

  /// What is to be done with a module after it was built.
  private func filling(of module: WrittenModule, at place: String) throws(GraphError) -> [WrittenLine] {
    switch module.kind {
    case .block: return []
    case .layer: return try corrections(of: module, at: place)
    case .sequence, .holder:
      if module.isParameterList { return try drawing(module, at: place) }
      if !module.isList { return try construction(of: module, at: place) }
      var lines: [WrittenLine] = []
      for child in module.children { lines += try filling(of: child, at: "\(place)[\(child.name)]") }
      return lines
    }
  }

  /// The expression that builds a module.
  private func built(_ module: WrittenModule) throws(GraphError) -> [WrittenPiece] {
    switch module.kind {
    case .layer(let construction): return construction
    case .block: return module.construction
    case .sequence, .holder:
      if module.isParameterList { return try parameterList(module) }
      guard module.isList else { return [.text("nn.Module()")] }
      var isSequence = false
      if case .sequence = module.kind { isSequence = true }
      var pieces: [WrittenPiece] = [.text(isSequence ? "nn.Sequential(" : "nn.ModuleList([")]
      let last = module.children.compactMap { Int($0.name) }.max() ?? 0
      for index in 0...last {
        // Dropout in evaluation and other modules that do nothing leave gaps in the numbers.
        let element = try module.child("\(index)").map { (child) throws(GraphError) in try built(child) }
        pieces += [.text("\n            ")] + (element ?? [.text("nn.Identity()")]) + [.text(",")]
      }
      return pieces + [.text("\n        " + (isSequence ? ")" : "])"))]
    }
  }

  private func parameterList(_ module: WrittenModule) throws(GraphError) -> [WrittenPiece] {
    var pieces: [WrittenPiece] = [.text("nn.ParameterList([")]
    for item in module.variables {
      pieces.append(.text("\n            \(try parameter(item.variable).text),"))
    }
    return pieces + [.text("\n        ])")]
  }

  /// What draws the first values of a list of parameters, where their constructors do not.
  private func drawing(_ module: WrittenModule, at place: String) throws(GraphError) -> [WrittenLine] {
    var lines: [WrittenLine] = []
    for item in module.variables where try !parameter(item.variable).isComplete {
      let shape = graph.type(of: item.variable.value).shape
      lines += try WrittenInitialization.statements(
        item.variable.initializer, shape, at: "\(place)[\(item.name)]")
    }
    return lines
  }

  /// The constructor of a parameter, and whether it gives it its first values.
  private func parameter(_ variable: Variable) throws(GraphError) -> (text: String, isComplete: Bool) {
    let type = graph.type(of: variable.value)
    let known = try WrittenInitialization.expression(variable.initializer, type, isTruth: false)
    let value = known ?? "torch.empty(\(WrittenText.tuple(type.shape)))"
    return ("nn.Parameter(\(value)\(variable.isTrainable ? "" : ", requires_grad=False"))", known != nil)
  }

  private func declaration(_ item: WrittenVariable, at place: String) throws(GraphError) -> [WrittenLine] {
    let variable = item.variable
    let type = graph.type(of: variable.value)
    let isIndex = PythonNames.isIndex(item.name)
    let access = Self.member(item.name, of: place, inList: false)
    let isComplete: Bool
    let line: String
    if item.isParameter {
      let made = try parameter(variable)
      isComplete = made.isComplete
      line =
        isIndex ? "\(place).register_parameter(\"\(item.name)\", \(made.text))" : "\(access) = \(made.text)"
    } else {
      let known = try WrittenInitialization.expression(
        variable.initializer, type, isTruth: classes.truths[variable.value.index])
      isComplete = known != nil
      line =
        "\(place).register_buffer(\"\(item.name)\", \(known ?? "torch.empty(\(WrittenText.tuple(type.shape)))"))"
    }
    if isComplete { return [WrittenLine(line)] }
    return [WrittenLine(line)]
      + (try WrittenInitialization.statements(variable.initializer, type.shape, at: access))
  }

  /// What of a layer's variables does not begin as PyTorch lets it.
  private func corrections(of module: WrittenModule, at place: String) throws(GraphError) -> [WrittenLine] {
    guard case .layer(let construction) = module.kind, case .text(let name)? = construction.first else {
      return []
    }
    var lines: [WrittenLine] = []
    let weight =
      module.variables.first { $0.name == "weight" }.map { graph.type(of: $0.variable.value).shape } ?? []
    for item in module.variables {
      let standard: Initializer
      switch (name, item.name) {
      case ("nn.Conv2d(", _), ("nn.Linear(", _):
        standard = Interpreter.uniform(fanIn: weight.dropFirst().reduce(1, *))
      case ("nn.Embedding(", _): standard = .normal(mean: 0, standardDeviation: 1)
      case (_, "weight"), (_, "running_var"): standard = .constant(1)
      default: standard = .constant(0)
      }
      let variable = item.variable
      if variable.initializer != standard {
        let shape = graph.type(of: variable.value).shape
        lines += try WrittenInitialization.statements(
          variable.initializer, shape, at: "\(place).\(item.name)")
      }
      if item.isParameter, !variable.isTrainable {
        lines.append(WrittenLine("\(place).\(item.name).requires_grad_(False)"))
      }
    }
    return lines
  }
}
