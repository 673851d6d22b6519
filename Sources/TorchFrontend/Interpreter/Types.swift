extension Interpreter {
  // MARK: Types

  /// The key of a value's type in the library's tables of methods.
  func libraryType(of value: PythonValue) -> String? {
    switch value {
    case .tensor: "Tensor"
    case .string: "str"
    case .list(let list): list.kind.rawValue
    case .tuple(let tuple): if case .size = tuple.kind { "Size" } else { "tuple" }
    case .dict: "dict"
    case .set: "set"
    case .int, .bool: "int"
    case .iterator: "iterator"
    case .float: "float"
    case .descriptor(let descriptor) where descriptor.kind == .property: "property"
    case .device: "device"
    case .dataType: "dtype"
    case .range: "range"
    case .slice: "slice"
    default: nil
    }
  }

  /// The class of a value.
  func classOf(_ value: PythonValue) -> PythonClass {
    switch value {
    case .instance(let instance): instance.type
    case .type(let type): type.metaclass ?? nativeClass("builtins.type")
    case .tensor(let tensor): nativeClass(tensor.isParameter ? "torch.nn.Parameter" : "torch.Tensor")
    case .string: nativeClass("builtins.str")
    case .list(let list): nativeClass(list.isDeque ? "collections.deque" : "builtins.\(list.kind.rawValue)")
    case .tuple(let tuple):
      switch tuple.kind {
      case .plain: nativeClass("builtins.tuple")
      case .size: nativeClass("torch.Size")
      case .named(let type): type
      }
    case .dict(let dictionary):
      switch dictionary.kind {
      case .plain: nativeClass("builtins.dict")
      case .ordered: nativeClass("collections.OrderedDict")
      case .defaulting: nativeClass("collections.defaultdict")
      case .counter: nativeClass("collections.Counter")
      }
    case .set(let set): nativeClass(set.isFrozen ? "builtins.frozenset" : "builtins.set")
    case .iterator: nativeClass("types.GeneratorType")
    case .namespace: nativeClass("types.ModuleType")
    case .descriptor(let descriptor):
      switch descriptor.kind {
      case .property: nativeClass("builtins.property")
      case .cachedProperty: nativeClass("functools.cached_property")
      case .staticMethod: nativeClass("builtins.staticmethod")
      case .classMethod: nativeClass("builtins.classmethod")
      }
    case .bool: nativeClass("builtins.bool")
    case .int: nativeClass("builtins.int")
    case .float: nativeClass("builtins.float")
    case .range: nativeClass("builtins.range")
    case .slice: nativeClass("builtins.slice")
    case .none: nativeClass("types.NoneType")
    case .dataType: nativeClass("torch.dtype")
    case .device: nativeClass("torch.device")
    case .function, .native: nativeClass("types.FunctionType")
    case .method: nativeClass("types.MethodType")
    case .partial: nativeClass("functools.partial")
    default: nativeClass("builtins.object")
    }
  }

  /// What Python calls the types that `types` has under other names.
  static let typeNames = [
    "FunctionType": "function", "MethodType": "method", "GeneratorType": "generator", "ModuleType": "module",
  ]

  /// The name of a value's type, as Python's messages give it.
  func typeName(_ value: PythonValue) -> String {
    switch value {
    case .ellipsis: "ellipsis"
    case .notImplemented: "NotImplementedType"
    case .namespace: "module"
    case .iterator: "generator"
    case .superclass: "super"
    case .descriptor(let descriptor): descriptor.kind == .property ? "property" : "staticmethod"
    case .opaque(let name): name
    case .function, .native: "function"
    case .method: "method"
    default: classOf(value).name
    }
  }

  func described(_ value: PythonValue) -> String {
    if case .type(let type) = value { return "type object '\(type.name)'" }
    if case .superclass = value { return "'super' object" }
    return "'\(typeName(value))' object"
  }

  func attributeNames(of value: PythonValue) -> [String] {
    switch value {
    case .instance(let instance):
      var names = instance.attributeOrder + (instance.module?.names ?? [])
      for type in instance.type.resolutionOrder { names += type.members.keys }
      return Array(Set(names))
    case .type(let type): return Array(Set(type.resolutionOrder.flatMap(\.members.keys)))
    case .namespace(let namespace): return library.names(in: namespace.name)
    default:
      guard let key = libraryType(of: value) else { return [] }
      return Array(library.methods[key, default: [:]].keys)
        + Array(library.properties[key, default: [:]].keys)
    }
  }
}
