import PythonSyntax

extension Library {
  /// `abc`, `contextlib`, `inspect`, and modules that touch the world: what is harmless does nothing, the rest is
  /// refused where it is called.
  static let standardModules: Family = { library in
    library.namespace(
      "abc", "warnings", "sys", "os", "os.path", "random", "time", "logging", "contextlib", "inspect",
      "types",
      "string", "argparse", "pathlib", "json", "datetime", "uuid", "gc", "platform", "shutil", "glob",
      "pickle",
      "traceback", "threading", "multiprocessing", "subprocess", "tempfile", "textwrap", "pprint", "csv",
      "io",
      "hashlib", "urllib", "urllib.request", "urllib.parse", "socket", "signal", "atexit", "weakref",
      "statistics",
      "fractions", "decimal", "heapq", "bisect", "importlib", "builtins", "__future__", "unittest", "doctest",
      "numpy.random", "timeit", "struct", "base64", "zipfile", "tarfile", "copyreg", "ast", "dis", "queue",
      "concurrent", "concurrent.futures", "asyncio", "locale", "getpass", "secrets", "cProfile", "sysconfig")

    library.add(NativeClass("abc.ABC", base: "builtins.object"))
    library.add(NativeClass("abc.ABCMeta", base: "builtins.type"))
    for name in [
      "abc.abstractmethod", "abc.abstractproperty", "abc.abstractclassmethod", "abc.abstractstaticmethod",
    ] {
      library.function(name, signature: "(function)") { (call) throws(Interruption) in
        if case .function(let function) = call["function"] {
          function.attributes["__isabstractmethod__"] = .bool(true)
        }
        let kind: Descriptor.Kind? =
          switch name {
          case "abc.abstractproperty": .property
          case "abc.abstractclassmethod": .classMethod
          case "abc.abstractstaticmethod": .staticMethod
          default: nil
          }
        guard let kind else { return call["function"] }
        return .descriptor(call.interpreter.heap.adopt(Descriptor(kind, call["function"])))
      }
    }

    // What does nothing that the network could notice.
    for name in [
      "warnings.warn", "warnings.filterwarnings", "warnings.simplefilter", "warnings.resetwarnings",
      "warnings.warn_explicit", "logging.info", "logging.warning",
      "logging.debug", "logging.error", "logging.exception", "logging.critical", "logging.log",
      "logging.basicConfig", "logging.disable", "logging.addLevelName", "logging.captureWarnings",
      "gc.collect",
      "gc.disable", "gc.enable", "time.sleep", "traceback.print_exc", "traceback.print_stack",
      "pprint.pprint",
      "sys.setrecursionlimit", "sys.stdout.write", "sys.stdout.flush", "sys.stderr.write", "atexit.register",
    ] { library.function(name, signature: "(*args, **kwargs)") { (_) throws(Interruption) in .none } }
    library.namespace("sys.stdout", "sys.stderr", "sys.path", "os.environ")
    let silent = [
      "info", "warning", "warn", "debug", "error", "exception", "critical", "log", "setLevel", "addHandler",
      "removeHandler", "warning_once", "handle", "setFormatter", "addFilter",
    ]
    var methods: [String: NativeFunction] = [:]
    for name in silent {
      methods[name] = NativeFunction(name, "(self, *args, **kwargs)") { (_) throws(Interruption) in .none }
    }
    for name in ["isEnabledFor", "hasHandlers"] {
      methods[name] = NativeFunction(name, "(self, *args)") { (_) throws(Interruption) in .bool(false) }
    }
    methods["__init__"] = NativeFunction("__init__", "(self, *args, **kwargs)") { (_) throws(Interruption) in
      .none
    }
    library.add(NativeClass("logging.Logger", base: "builtins.object", methods: methods))
    for name in ["Handler", "StreamHandler", "FileHandler", "Formatter", "NullHandler"] {
      library.add(NativeClass("logging.\(name)", base: "logging.Logger"))
    }
    library.function("logging.getLogger", signature: "(name=None)") { (call) throws(Interruption) in
      .instance(try call.interpreter.instance(of: call.interpreter.nativeClass("logging.Logger")))
    }
    for (name, level) in [
      ("CRITICAL", 50), ("ERROR", 40), ("WARNING", 30), ("WARN", 30), ("INFO", 20), ("DEBUG", 10),
      ("NOTSET", 0),
    ] { library.constant("logging.\(name)", .int(level)) }
    library.constant("sys.maxsize", .int(.max))
    library.constant("sys.version", .string("3.12.0"))
    library.constant("sys.platform", .string("linux"))
    library.constant("sys.byteorder", .string("little"))
    library.function("sys.getrecursionlimit", signature: "()") { (_) throws(Interruption) in .int(1000) }
    library.function("sys.getsizeof", signature: "(obj, default=0)") { (_) throws(Interruption) in .int(64) }
    library.constant("os.sep", .string("/"))
    library.constant("os.linesep", .string("\n"))
    library.constant("os.name", .string("posix"))
    library.function("os.cpu_count", signature: "()") { (_) throws(Interruption) in .int(1) }
    for name in ["os.getenv", "os.environ.get"] {
      library.function(name, signature: "(key, default=None)") { (call) throws(Interruption) in
        call["default"]
      }
    }
    for name in ["os.path.exists", "os.path.isfile", "os.path.isdir"] {
      library.function(name, signature: "(path)") { (_) throws(Interruption) in .bool(false) }
    }
    library.function("os.path.join", signature: "(path, *paths)") { (call) throws(Interruption) in
      var result = try call.string("path")
      for part in call.rest {
        guard case .string(let part) = call.interpreter.plain(part) else {
          throw call.interpreter.raise(.typeError, "join() argument must be str")
        }
        try call.interpreter.spend(part.utf8.count)
        if part.hasPrefix("/") {
          result = part
        } else {
          result += (result.isEmpty || result.hasSuffix("/") ? "" : "/") + part
        }
      }
      return try call.interpreter.string(result)
    }
    library.function("os.path.basename", signature: "(path)") { (call) throws(Interruption) in
      .string(
        try call.string("path").split(separator: "/", omittingEmptySubsequences: false).last.map(String.init)
          ?? "")
    }
    for name in ["time.time", "time.perf_counter", "time.monotonic", "time.process_time"] {
      // The clock stands still: a network is the same whenever it is read.
      library.function(name, signature: "()") { (_) throws(Interruption) in .float(0) }
    }
    let texts = [
      ("ascii_lowercase", "abcdefghijklmnopqrstuvwxyz"), ("ascii_uppercase", "ABCDEFGHIJKLMNOPQRSTUVWXYZ"),
      ("ascii_letters", "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"), ("digits", "0123456789"),
      ("hexdigits", "0123456789abcdefABCDEF"), ("octdigits", "01234567"),
      ("punctuation", "!\"#$%&'()*+,-./:;<=>?@[\\]^_`{|}~"), ("whitespace", " \t\n\r\u{0B}\u{0C}"),
    ]
    for (name, text) in texts { library.constant("string.\(name)", .string(text)) }
    library.prelude(
      "argparse",
      """
      class Namespace:
          def __init__(self, **kwargs):
              for name in kwargs:
                  setattr(self, name, kwargs[name])
          def __eq__(self, other): return isinstance(other, Namespace) and vars(self) == vars(other)
          def __contains__(self, key): return key in self.__dict__
      """)
    library.function("json.loads", signature: "(s, **kwargs)") { (call) throws(Interruption) in
      try JSONArguments.value(of: try call.string("s"), call.interpreter)
    }
    library.addContexts()
    library.addInspection()
  }

  /// `contextlib`.
  private mutating func addContexts() {
    let make = NativeFunction("contextmanager", "(function, *args, **kwargs)") {
      (call) throws(Interruption) in
      let manager = try call.interpreter.instance(
        of: call.interpreter.nativeClass("contextlib._GeneratorContextManager"))
      manager.set(
        "gen", try call.interpreter.call(call["function"], Arguments(call.rest, keywords: call.restKeywords)))
      return .instance(manager)
    }
    function("contextlib.contextmanager", signature: "(func)") { (call) throws(Interruption) in
      try call.interpreter.reserve(4)
      let result = PartialFunction(.native(make), [call["func"]], [])
      result.bindsAsMethod = true
      return .partial(call.interpreter.heap.adopt(result))
    }
    add(
      NativeClass(
        "contextlib._GeneratorContextManager", base: "builtins.object",
        methods: [
          "__enter__": NativeFunction("__enter__", "(self)") { (call) throws(Interruption) in
            guard case .iterator(let iterator)? = try call.instance().attributes["gen"],
              let value = try call.interpreter.next(iterator)
            else { throw call.interpreter.raise(.runtimeError, "generator didn't yield") }
            return value
          },
          "__exit__": NativeFunction("__exit__", "(self, type, value, traceback)") {
            (call) throws(Interruption) in
            let interpreter = call.interpreter
            guard case .iterator(let iterator)? = try call.instance().attributes["gen"] else { return .none }
            if interpreter.isNone(call["type"]) {
              guard try interpreter.next(iterator) == nil else {
                throw interpreter.raise(.runtimeError, "generator didn't stop")
              }
              return .bool(false)
            }
            guard case .generator(let generator) = iterator.source,
              let exception = interpreter.raisedInContext.last
            else { return .bool(false) }
            do throws(Interruption) {
              guard try generator.throw(.raised(exception), interpreter) == nil else {
                throw interpreter.raise(.runtimeError, "generator didn't stop after throw()")
              }
              return .bool(true)
            } catch {
              if case .raised(let other) = error, other.instance === exception.instance {
                return .bool(false)
              }
              throw error
            }
          },
        ]))
    let passing = NativeFunction("__exit__", "(self, *args)") { (_) throws(Interruption) in .bool(false) }
    let remember = NativeFunction("__init__", "(self, enter_result=None)") { (call) throws(Interruption) in
      try call.instance().set("enter_result", call["enter_result"])
      return .none
    }
    add(
      NativeClass(
        "contextlib.nullcontext", base: "builtins.object",
        methods: [
          "__init__": remember, "__exit__": passing,
          "__enter__": NativeFunction("__enter__", "(self)") { (call) throws(Interruption) in
            try call.instance().attributes["enter_result"] ?? .none
          },
        ]))
    add(
      NativeClass(
        "contextlib.suppress", base: "builtins.object",
        methods: [
          "__init__": NativeFunction("__init__", "(self, *exceptions)") { (call) throws(Interruption) in
            try call.instance().set("exceptions", try call.interpreter.tuple(call.rest))
            return .none
          },
          "__enter__": NativeFunction("__enter__", "(self)") { (_) throws(Interruption) in .none },
          "__exit__": NativeFunction("__exit__", "(self, type, value, traceback)") {
            (call) throws(Interruption) in
            guard !call.interpreter.isNone(call["type"]),
              let exceptions = try call.instance().attributes["exceptions"]
            else { return .bool(false) }
            return .bool(try call.interpreter.isInstance(call["value"], exceptions))
          },
        ]))
    for name in ["AbstractContextManager", "ContextDecorator"] {
      add(NativeClass("contextlib.\(name)", base: "builtins.object"))
    }
    add(
      NativeClass(
        "warnings.catch_warnings", base: "builtins.object",
        methods: [
          "__init__": NativeFunction("__init__", "(self, *args, **kwargs)") { (_) throws(Interruption) in
            .none
          },
          "__enter__": NativeFunction("__enter__", "(self)") { (call) throws(Interruption) in
            try call.interpreter.list([])
          },
          "__exit__": passing,
        ]))
  }

  /// `inspect`, as far as constructors look at signatures.
  private mutating func addInspection() {
    for (name, kind) in [("isfunction", "function"), ("ismethod", "method"), ("isclass", "class")] {
      function("inspect.\(name)", signature: "(object)") { (call) throws(Interruption) in
        switch call["object"] {
        case .function: .bool(kind == "function")
        case .method: .bool(kind == "method")
        case .type: .bool(kind == "class")
        default: .bool(false)
        }
      }
    }
    add(NativeClass("inspect.Signature", base: "builtins.object"))
    add(NativeClass("inspect.Parameter", base: "builtins.object"))
    add(NativeClass("inspect._empty", base: "builtins.object"))
    for kind in ["POSITIONAL_ONLY", "POSITIONAL_OR_KEYWORD", "VAR_POSITIONAL", "KEYWORD_ONLY", "VAR_KEYWORD"]
    {
      constant("inspect.Parameter.\(kind)", .string(kind))
    }
    function("inspect.signature", signature: "(callable, **kwargs)") { (call) throws(Interruption) in
      try call.interpreter.signature(of: call["callable"])
    }
    function("inspect.getfullargspec", signature: "(func)") { (call) throws(Interruption) in
      let interpreter = call.interpreter
      guard let (function, dropped) = interpreter.sourceFunction(call["func"]) else {
        throw interpreter.raise(.typeError, "unsupported callable")
      }
      let result = try interpreter.instance(of: interpreter.nativeClass("types._SimpleNamespace"))
      let parameters = function.parameters.parameters.dropFirst(dropped)
      let names = parameters.filter { $0.kind != .variadicPositional && $0.kind != .variadicKeyword }
      result.set("args", try interpreter.list(names.map { .string($0.name) }))
      return .instance(result)
    }
  }
}

extension Interpreter {
  /// The function of the source that a call of a value runs, and how many of its parameters are bound.
  func sourceFunction(_ value: PythonValue) -> (PythonFunction, Int)? {
    switch value {
    case .function(let function): return (function, 0)
    case .method(let method): return sourceFunction(method.function).map { ($0.0, $0.1 + 1) }
    case .type(let type):
      return classMember("__init__", of: type).flatMap { sourceFunction($0) }.map { ($0.0, $0.1 + 1) }
    case .instance(let instance):
      let name = instance.type.isModule ? "forward" : "__call__"
      return classMember(name, of: instance.type).flatMap { sourceFunction($0) }.map { ($0.0, $0.1 + 1) }
    default: return nil
    }
  }

  /// `inspect.signature`.
  fileprivate func signature(of value: PythonValue) throws(Interruption) -> PythonValue {
    let parameters = try dictionary()
    func add(_ name: String, _ preset: PythonValue?, _ kind: String) throws(Interruption) {
      let parameter = try instance(of: nativeClass("inspect.Parameter"))
      parameter.set("name", .string(name))
      parameter.set("default", preset ?? .type(nativeClass("inspect._empty")))
      parameter.set("kind", .string(kind))
      parameter.set("annotation", .type(nativeClass("inspect._empty")))
      parameter.set("empty", .type(nativeClass("inspect._empty")))
      try set(.string(name), .instance(parameter), in: parameters)
    }
    if let (function, dropped) = sourceFunction(value) {
      for (index, parameter) in function.parameters.parameters.enumerated() where index >= dropped {
        let preset = index < function.defaults.count ? function.defaults[index] : nil
        let kind =
          switch parameter.kind {
          case .positionalOnly: "POSITIONAL_ONLY"
          case .positionalOrKeyword: "POSITIONAL_OR_KEYWORD"
          case .variadicPositional: "VAR_POSITIONAL"
          case .keywordOnly: "KEYWORD_ONLY"
          case .variadicKeyword: "VAR_KEYWORD"
          }
        try add(parameter.name, preset, kind)
      }
    } else {
      var native: NativeFunction?
      if case .native(let function) = value { native = function }
      if case .type(let type) = value, case .native(let function)? = classMember("__init__", of: type) {
        native = type.native?.construct ?? function
      }
      guard let native else {
        throw raise(.typeError, "\(try representation(of: value)) is not a callable object")
      }
      for parameter in native.signature.parameters where parameter.name != "self" {
        try add(
          parameter.name, parameter.defaultValue?.value,
          parameter.isKeywordOnly ? "KEYWORD_ONLY" : "POSITIONAL_OR_KEYWORD")
      }
      if native.signature.takesPositional { try add("args", nil, "VAR_POSITIONAL") }
      if native.signature.takesKeywords { try add("kwargs", nil, "VAR_KEYWORD") }
    }
    let result = try instance(of: nativeClass("inspect.Signature"))
    result.set("parameters", .dict(parameters))
    result.set("empty", .type(nativeClass("inspect._empty")))
    return .instance(result)
  }
}
