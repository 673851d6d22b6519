extension Library {
  /// Python's exceptions.
  static let builtinExceptions: Family = { library in
    let initialize = NativeFunction("BaseException.__init__", "(self, *args, **kwargs)") {
      (call) throws(Interruption) in
      try call.instance().exceptionArguments = call.rest
      return .none
    }
    let traceback = NativeFunction("with_traceback", "(self, tb)") { (call) throws(Interruption) in
      call["self"]
    }
    library.add(
      NativeClass(
        "builtins.BaseException", base: "builtins.object",
        methods: ["__init__": initialize, "with_traceback": traceback]))
    for (name, base) in [
      ("Exception", "BaseException"), ("KeyboardInterrupt", "BaseException"), ("SystemExit", "BaseException"),
      ("ArithmeticError", "Exception"), ("ZeroDivisionError", "ArithmeticError"),
      ("OverflowError", "ArithmeticError"),
      ("AssertionError", "Exception"), ("AttributeError", "Exception"), ("ImportError", "Exception"),
      ("ModuleNotFoundError", "ImportError"), ("LookupError", "Exception"), ("IndexError", "LookupError"),
      ("KeyError", "LookupError"), ("NameError", "Exception"), ("UnboundLocalError", "NameError"),
      ("RuntimeError", "Exception"), ("NotImplementedError", "RuntimeError"),
      ("RecursionError", "RuntimeError"),
      ("StopIteration", "Exception"), ("StopAsyncIteration", "Exception"), ("GeneratorExit", "BaseException"),
      ("FloatingPointError", "ArithmeticError"), ("BufferError", "Exception"), ("EOFError", "Exception"),
      ("FrozenInstanceError", "AttributeError"), ("SyntaxError", "Exception"), ("SystemError", "Exception"),
      ("UnicodeError", "ValueError"), ("PermissionError", "OSError"), ("FileExistsError", "OSError"),
      ("ConnectionError", "OSError"), ("TimeoutError", "OSError"), ("ReferenceError", "Exception"),
      ("TypeError", "Exception"), ("ValueError", "Exception"),
      ("OSError", "Exception"), ("FileNotFoundError", "OSError"), ("MemoryError", "Exception"),
      ("Warning", "Exception"), ("UserWarning", "Warning"), ("DeprecationWarning", "Warning"),
      ("FutureWarning", "Warning"), ("RuntimeWarning", "Warning"), ("PendingDeprecationWarning", "Warning"),
      ("ImportWarning", "Warning"), ("ResourceWarning", "Warning"), ("SyntaxWarning", "Warning"),
    ] { library.add(NativeClass("builtins.\(name)", base: "builtins.\(base)")) }
    library.alias("builtins.IOError", of: "builtins.OSError")
    library.alias("builtins.EnvironmentError", of: "builtins.OSError")
    library.alias("dataclasses.FrozenInstanceError", of: "builtins.FrozenInstanceError")
  }
}
