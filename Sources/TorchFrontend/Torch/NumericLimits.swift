extension Library {
  /// `torch.finfo` and `torch.iinfo`: what numbers of a type can be.
  static let numericLimits: Family = { library in
    for name in ["torch.finfo", "numpy.finfo"] {
      let initialize = NativeFunction("finfo", "(self, type=None)") { (call) throws(Interruption) in
        let instance = try call.instance()
        let type = try call.dataType("type") ?? .float32
        guard let limits = type.floatingLimits else {
          throw call.interpreter.raise(
            .typeError,
            "torch.finfo() requires a floating point input type. Use torch.iinfo to handle 'torch.finfo'")
        }
        instance.set("bits", .int(type.byteCount * 8))
        instance.set("eps", .float(limits.epsilon))
        instance.set("max", .float(limits.largest))
        instance.set("min", .float(-limits.largest))
        instance.set("tiny", .float(limits.smallestNormal))
        instance.set("smallest_normal", .float(limits.smallestNormal))
        instance.set("resolution", .float(limits.resolution))
        instance.set("dtype", .string(type.rawValue))
        return .none
      }
      library.add(NativeClass(name, base: "builtins.object", methods: ["__init__": initialize]))
    }
    for name in ["torch.iinfo", "numpy.iinfo"] {
      let initialize = NativeFunction("iinfo", "(self, type)") { (call) throws(Interruption) in
        let instance = try call.instance()
        guard let type = try call.dataType("type"), type.category == .integer else {
          throw call.interpreter.raise(
            .typeError,
            "torch.iinfo() requires an integer input type. Use torch.finfo to handle 'torch.iinfo'")
        }
        let bits = type.byteCount * 8
        instance.set("bits", .int(bits))
        instance.set("max", .int(type == .uint8 ? 255 : Int.max >> (64 - bits)))
        instance.set("min", .int(type == .uint8 ? 0 : Int.min >> (64 - bits)))
        instance.set("dtype", .string(type.rawValue))
        return .none
      }
      library.add(NativeClass(name, base: "builtins.object", methods: ["__init__": initialize]))
    }
  }
}

extension DataType {
  /// The limits of floating-point numbers; nil for other types.
  fileprivate var floatingLimits:
    (epsilon: Double, largest: Double, smallestNormal: Double, resolution: Double)?
  {
    switch self {
    case .float64: (0x1p-52, .greatestFiniteMagnitude, 0x1p-1022, 1e-15)
    case .float32: (0x1p-23, 0x1.fffffep127, 0x1p-126, 1e-6)
    case .float16: (0x1p-10, 65_504, 0x1p-14, 1e-3)
    case .bfloat16: (0x1p-7, 0x1.fep127, 0x1p-126, 1e-2)
    default: nil
    }
  }
}
