import NetworkGraph

extension Library {
  /// Loss functions.
  static let losses: Family = { library in
    for name in [
      "CrossEntropyLoss", "MSELoss", "NLLLoss", "BCELoss", "BCEWithLogitsLoss", "L1Loss", "SmoothL1Loss",
      "KLDivLoss",
      "HuberLoss",
    ] {
      library.module(
        name, "(*args, **kwargs)", { (_, _) throws(Interruption) in },
        methods: [
          "forward": NativeFunction("\(name).forward", "(self, *args, **kwargs)") {
            (call) throws(Interruption) in
            throw call.interpreter.unsupported("nn.\(name) within a network is not supported yet")
          }
        ])
    }
  }
}
