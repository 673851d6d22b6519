import PythonSyntax

/// What a source calls `torch`, `torch.nn` and `torch.nn.functional`.
struct ModuleNames {
  private(set) var torch: String?
  private(set) var neural: String?
  private(set) var functional: String?
  /// Where an import line may be added: the offset of the first statement behind the docstring.
  private let importPlace: Int

  init(_ module: Module) {
    for statement in module.body {
      switch statement.kind {
      case .import(let names):
        for name in names {
          switch name.name {
          case "torch": torch = name.alias ?? "torch"
          case "torch.nn":
            if let alias = name.alias { neural = alias } else { torch = torch ?? "torch" }
          case "torch.nn.functional":
            if let alias = name.alias { functional = alias } else { torch = torch ?? "torch" }
          default: break
          }
        }
      case .importFrom("torch", let names, 0):
        for name in names where name.name == "nn" { neural = name.alias ?? "nn" }
      case .importFrom("torch.nn", let names, 0):
        for name in names where name.name == "functional" { functional = name.alias ?? "functional" }
      default: break
      }
    }
    let first = module.body.enumerated().first { index, statement in
      if case .importFrom("__future__", _, _) = statement.kind { return false }
      if index == 0, case .expression(let value) = statement.kind, case .string = value.kind { return false }
      return true
    }
    importPlace = first?.element.range.lower ?? 0
  }

  /// What stands before a module class: `nn.`.
  var layerPrefix: String {
    if let neural { return "\(neural)." }
    if let torch { return "\(torch).nn." }
    return "nn."
  }

  /// The function `relu` as text, such as `F.relu`.
  func function(_ name: String) -> String {
    if let functional { return "\(functional).\(name)" }
    if let torch, ["relu", "tanh", "sigmoid"].contains(name) { return "\(torch).\(name)" }
    return "\(layerPrefix)functional.\(name)"
  }

  /// The edit that imports `torch.nn`, where no import brings it in.
  var missingImport: TextEdit? {
    guard neural == nil, torch == nil else { return nil }
    return TextEdit(SourceRange(importPlace, importPlace), "import torch.nn as nn\n")
  }
}
