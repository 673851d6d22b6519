extension ChoiceSpace {
  /// The choices with their options, and an architecture as JSON.
  public var promptDescription: String {
    let lines = choices.map { "- \($0.key): \($0.options.joined(separator: ", "))" }
    return "An architecture makes \(choices.count) choices:\n" + lines.joined(separator: "\n") + "\n"
  }
}
