extension NetworkCompiler {
  /// The names of all that networks can import, call or ask values for, sorted.
  ///
  /// Functions, classes and constants have the names of their modules, such as `torch.nn.Conv2d` and
  /// `builtins.len`; methods and attributes those of their classes or types, such as `Tensor.view`.
  public static var libraryNames: [String] {
    let library = Library.shared
    var names = Set(library.entries.keys)
    for entry in library.entries.values {
      guard case .class(let native) = entry else { continue }
      for table in [native.methods, native.properties, native.classMethods] {
        names.formUnion(table.keys.map { "\(native.qualifiedName).\($0)" })
      }
    }
    for table in [library.methods, library.properties] {
      for (type, members) in table { names.formUnion(members.keys.map { "\(type).\($0)" }) }
    }
    for (module, text) in library.preludes {
      for line in text.split(separator: "\n") {
        guard let keyword = ["class ", "def "].first(where: line.hasPrefix) else { continue }
        let name = line.dropFirst(keyword.count).prefix { $0 == "_" || $0.isLetter || $0.isNumber }
        names.insert("\(module).\(name)")
      }
    }
    return names.sorted()
  }
}
