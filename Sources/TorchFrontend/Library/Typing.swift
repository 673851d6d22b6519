extension Library {
  /// `typing`, `collections.abc` and `numbers`: names that may be called, subscripted and asked for by `isinstance`.
  static let typing: Family = { library in
    library.namespace("typing", "typing_extensions", "collections.abc", "numbers")
    for name in [
      "List", "Dict", "Tuple", "Set", "Optional", "Union", "Any", "Callable", "Sequence", "Iterable",
      "Iterator",
      "Type", "Literal", "Mapping", "ClassVar", "Final", "Generator", "Collection", "NoReturn", "Protocol",
      "Generic",
      "Text", "FrozenSet", "Annotated", "Self", "MutableMapping", "MutableSequence", "MutableSet",
      "AbstractSet",
      "Sized", "Hashable", "Container", "Reversible", "Deque", "DefaultDict", "Counter", "ChainMap", "AnyStr",
      "SupportsFloat", "SupportsInt", "SupportsIndex", "TypeAlias", "TypeGuard", "Required", "NotRequired",
      "Concatenate", "Never", "LiteralString", "Unpack", "Awaitable", "Coroutine", "AsyncIterator",
      "ByteString",
      "Pattern", "Match", "IO", "TextIO", "BinaryIO", "ReadOnly",
    ] {
      library.add(NativeClass("typing.\(name)", base: "builtins.object"))
      library.alias("typing_extensions.\(name)", of: "typing.\(name)")
    }
    library.add(
      NativeClass("typing.TypedDict", base: "builtins.dict", methods: containerMethods))
    library.alias("typing_extensions.TypedDict", of: "typing.TypedDict")
    for name in [
      "Callable", "Iterable", "Sequence", "Mapping", "Iterator", "Sized", "Hashable", "MutableMapping",
      "MutableSequence", "MutableSet", "Set", "Collection", "Container", "Generator", "Reversible",
      "KeysView",
      "ValuesView", "ItemsView", "Awaitable", "Coroutine",
    ] {
      library.add(NativeClass("collections.abc.\(name)", base: "builtins.object"))
      library.alias("collections.\(name)", of: "collections.abc.\(name)")
    }
    library.add(NativeClass("numbers.Number", base: "builtins.object"))
    for (name, base) in [
      ("Complex", "Number"), ("Real", "Complex"), ("Rational", "Real"), ("Integral", "Rational"),
    ] {
      library.add(NativeClass("numbers.\(name)", base: "numbers.\(base)"))
    }
    library.constant("typing.TYPE_CHECKING", .bool(false))
    library.alias("typing.OrderedDict", of: "collections.OrderedDict")
    for module in ["typing", "typing_extensions"] {
      library.function("\(module).cast", "\(module).assert_type", signature: "(typ, val)") {
        (call) throws(Interruption) in call["val"]
      }
      for name in ["TypeVar", "ParamSpec", "TypeVarTuple"] {
        library.function("\(module).\(name)", signature: "(*args, **kwargs)") { (call) throws(Interruption) in
          .type(call.interpreter.nativeClass("typing.Any"))
        }
      }
      library.function("\(module).NewType", signature: "(name, tp)") { (call) throws(Interruption) in
        call["tp"]
      }
      library.function("\(module).runtime_checkable", signature: "(cls)") { (call) throws(Interruption) in
        if case .type(let type) = call["cls"] { type.members["_is_runtime_protocol"] = .bool(true) }
        return call["cls"]
      }
      for name in ["overload", "final", "no_type_check", "override"] {
        library.function("\(module).\(name)", signature: "(function)") { (call) throws(Interruption) in
          call["function"]
        }
      }
      library.function("\(module).get_type_hints", signature: "(obj, **kwargs)") {
        (call) throws(Interruption) in
        .dict(try call.interpreter.dictionary())
      }
      for name in ["get_origin", "get_args"] {
        library.function("\(module).\(name)", signature: "(tp)") { (call) throws(Interruption) in
          name == "get_origin" ? .none : try call.interpreter.tuple([])
        }
      }
    }
    library.alias("typing_extensions.NamedTuple", of: "typing.NamedTuple")
  }
}
