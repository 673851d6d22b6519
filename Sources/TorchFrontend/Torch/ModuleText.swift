extension Interpreter {
  /// What `repr` makes of a module: its class, what it was built with, and its children line by line.
  func moduleText(of module: PythonInstance) throws(Interruption) -> String {
    try enter()
    defer { leave() }
    var extra = ""
    if case .string(let text) = try call(
      try attribute("extra_repr", of: .instance(module)), Arguments())
    {
      extra = text
    }
    let name = module.type.name
    var lines = extra.isEmpty ? [] : extra.split(separator: "\n").map(String.init)
    let children = module.module?.modules.items ?? []
    if children.isEmpty, lines.count <= 1 { return "\(name)(\(extra))" }
    for (childName, child) in children {
      let text = try child.map { (child) throws(Interruption) in try representation(of: .instance(child)) }
      try reserve((text ?? "").utf8.count >> 3 + 1)
      lines.append("(\(childName)): " + (text ?? "None").replacing("\n", with: "\n  "))
    }
    return "\(name)(\n  " + lines.joined(separator: "\n  ") + "\n)"
  }

  /// The arguments that a library module was built with: `3, 16, kernel_size=3`.
  func constructorText(of module: PythonInstance) throws(Interruption) -> String {
    guard let function = module.type.nearestNative?.methods["__init__"],
      module.type.nearestNative?.qualifiedName != "torch.nn.Module"
    else { return "" }
    var parts: [String] = []
    for parameter in function.signature.parameters {
      guard !["self", "device", "dtype"].contains(parameter.name),
        let value = module.attributes[parameter.name]
      else { continue }
      if let literal = parameter.defaultValue?.value {
        if try areEqual(literal, value) { continue }
        parts.append("\(parameter.name)=\(try representation(of: value))")
      } else {
        parts.append(try representation(of: value))
      }
    }
    return parts.joined(separator: ", ")
  }
}
