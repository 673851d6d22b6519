import PythonSyntax

/// Why an edit was not applied, in words that follow "because".
struct EditRefusal: Error {
  let reason: String

  init(_ reason: String) { self.reason = reason }
}

/// Writes the constructor calls of new layers so that they fit the shape at their place.
struct LayerWriter {
  let names: ModuleNames
  let limits: EditLimits

  /// A layer as text.
  struct Written {
    /// Such as `nn.Conv2d(16, 32, kernel_size=3, padding=1)`.
    let text: String
    /// In words, such as `Conv2d 16->32 k3`.
    let summary: String
    /// The first part of a fresh attribute name, such as `conv`.
    let attribute: String
  }

  /// Whether a layer of that kind can be applied to a tensor of that many dimensions.
  static func fits(_ kind: LayerKind, rank: Int) -> Bool {
    switch kind {
    case .conv, .depthwiseConv, .maxPool, .avgPool: rank == 4
    case .linear: rank == 2 || rank == 3
    case .batchNorm: rank == 2 || rank == 4
    default: rank >= 2
    }
  }

  /// What a layer of that kind is applied to, in words.
  static func need(of kind: LayerKind) -> String {
    switch kind {
    case .linear: "a vector of features per example"
    case .batchNorm: "features or channels"
    default: "an image with channels, height and width"
    }
  }

  /// Writes a layer for a tensor of that shape.
  ///
  /// - Parameters:
  ///   - defaultWidth: The width where the specification leaves it open.
  ///   - channels: What to write for the channels in place of their number, where a block is built for several.
  func write(
    _ layer: LayerSpecification, for shape: [Int], defaultWidth: Int? = nil, channels: String? = nil
  ) throws(EditRefusal) -> Written {
    guard shape.count >= 2, Self.fits(layer.kind, rank: shape.count) else {
      throw EditRefusal(
        "\(layer.kind.rawValue) needs \(Self.need(of: layer.kind)), and \(ShapeText.withoutBatch(shape)) is there"
      )
    }
    let extent = layer.kind == .linear ? shape[shape.count - 1] : shape[1]
    let input = channels ?? String(extent)
    let width = max(1, min(layer.width ?? defaultWidth ?? extent, limits.maximumWidth))
    let output = channels ?? String(width)
    let side = shape.count == 4 ? min(shape[2], shape[3]) : 1
    let prefix = names.layerPrefix
    switch layer.kind {
    case .conv, .depthwiseConv:
      let kernel = max(1, min(layer.kernelSize ?? (side >= 3 ? 3 : 1), 11))
      let stride = max(1, min(layer.stride ?? 1, 8))
      let padding = kernel > 1 && stride == kernel ? 0 : (kernel - 1) / 2
      guard kernel <= side + 2 * padding else {
        throw EditRefusal("a \(kernel)x\(kernel) window is larger than the image of side \(side) there")
      }
      guard stride <= side else {
        throw EditRefusal("a stride of \(stride) is too much for an image of side \(side)")
      }
      let isDepthwise = layer.kind == .depthwiseConv
      var text = "\(prefix)Conv2d(\(input), \(isDepthwise ? input : output), kernel_size=\(kernel)"
      if stride != 1 { text += ", stride=\(stride)" }
      if padding != 0 { text += ", padding=\(padding)" }
      if isDepthwise { text += ", groups=\(input)" }
      return Written(
        text: text + ")",
        summary: isDepthwise
          ? "depthwise Conv2d of \(input) channels k\(kernel)" : "Conv2d \(input)->\(output) k\(kernel)",
        attribute: isDepthwise ? "depthwise" : "conv")
    case .linear:
      return Written(
        text: "\(prefix)Linear(\(input), \(output))", summary: "Linear \(input)->\(output)", attribute: "fc")
    case .batchNorm:
      let type = shape.count == 4 ? "BatchNorm2d" : "BatchNorm1d"
      return Written(text: "\(prefix)\(type)(\(input))", summary: "\(type) of \(input)", attribute: "bn")
    case .maxPool, .avgPool:
      let kernel = max(2, min(layer.kernelSize ?? 2, 11))
      guard side >= kernel else {
        throw EditRefusal("an image of side \(side) is too small for pooling by \(kernel)")
      }
      let type = layer.kind == .maxPool ? "MaxPool2d" : "AvgPool2d"
      let stride = layer.stride.map { max(1, min($0, kernel)) } ?? kernel
      let text = stride == kernel ? "(\(kernel))" : "(\(kernel), stride=\(stride))"
      return Written(text: "\(prefix)\(type)\(text)", summary: "\(type) by \(kernel)", attribute: "pool")
    case .dropout:
      let wanted = layer.probability ?? 0.2
      let probability = wanted.isFinite ? max(0.01, min(wanted, 0.9)) : 0.2
      return Written(
        text: "\(prefix)Dropout(\(NumberText.of(probability)))",
        summary: "Dropout of \(NumberText.of(probability))", attribute: "dropout")
    case .relu: return activation("ReLU", "relu")
    case .gelu: return activation("GELU", "gelu")
    case .silu: return activation("SiLU", "silu")
    case .leakyReLU:
      return Written(text: "\(prefix)LeakyReLU(0.1)", summary: "LeakyReLU", attribute: "leaky_relu")
    case .tanh: return activation("Tanh", "tanh")
    case .sigmoid: return activation("Sigmoid", "sigmoid")
    }
  }

  private func activation(_ type: String, _ attribute: String) -> Written {
    Written(text: "\(names.layerPrefix)\(type)()", summary: type, attribute: attribute)
  }
}

/// How a source writes its activations, so that new ones look the same.
struct ActivationStyle {
  private let function: String
  private let module: String

  /// The style of a class, or of the whole source where the class has none.
  init(_ scan: ClassScan, _ names: ModuleNames, classIndex: Int?) {
    let calls = classIndex.flatMap { scan.activationCalls[$0] } ?? [:]
    let modules = scan.layers.filter { LayerSignature.activations.contains($0.call.type) }
    if let best = Self.mostFrequent(calls) {
      function = best
    } else if let own = modules.first(where: { $0.classIndex == classIndex && $0.attributeName != nil }),
      let name = own.attributeName, own.call.type != "PReLU"
    {
      function = "self.\(name)"
    } else {
      let all = scan.activationCalls.values.reduce(into: [String: Int]()) { total, counts in
        total.merge(counts) { $0 + $1 }
      }
      function = Self.mostFrequent(all) ?? names.function("relu")
    }
    var counts: [String: Int] = [:]
    for layer in modules where layer.call.type != "PReLU" {
      counts[scan.source[layer.call.expression.range], default: 0] += 1
    }
    module = Self.mostFrequent(counts) ?? "\(names.layerPrefix)ReLU()"
  }

  /// The activation of a value as a call, such as `F.relu(x)`.
  func call(_ inner: String) -> String { "\(function)(\(inner))" }

  /// The activation as a module, such as `nn.ReLU()`.
  var constructor: String { module }

  private static func mostFrequent(_ counts: [String: Int]) -> String? {
    counts.max { ($0.value, $1.key) < ($1.value, $0.key) }?.key
  }
}

extension ScannedLayer {
  /// The attribute of `self` that holds it alone.
  var attributeName: String? {
    if case .attribute(let name, _) = site { name } else { nil }
  }
}

/// The helper class that adds a layer's input to its output, for layers that stand in a list.
enum ResidualBlock {
  static let className = "Residual"

  /// The definition under that name.
  static func definition(_ name: String, _ names: ModuleNames) -> String {
    """
    class \(name)(\(names.layerPrefix)Module):
        \"\"\"Adds what a layer is given to what it yields.\"\"\"

        def __init__(self, layer, projection=None):
            super().__init__()
            self.layer = layer
            self.projection = projection

        def forward(self, x):
            shortcut = x if self.projection is None else self.projection(x)
            return shortcut + self.layer(x)



    """
  }

  /// The name under which the source has the helper, or a free name and the edit that adds it.
  static func provide(
    _ scan: ClassScan, _ names: ModuleNames
  ) -> (name: String, edit: TextEdit?) {
    var number = 1
    while true {
      let name = number == 1 ? className : "\(className)\(number)"
      if let existing = scan.classes.first(where: { $0.definition.name == name }) {
        let text = definition(name, names).split(separator: "\n").map { $0.drop { $0 == " " } }
        let found = scan.source[existing.statement.range].split(separator: "\n").map { $0.drop { $0 == " " } }
        if text.filter({ !$0.isEmpty }) == found.filter({ !$0.allSatisfy(\.isWhitespace) }) {
          return (name, nil)
        }
      } else if !scan.words.contains(name) {
        let place = scan.classes.first?.statement
        // In front of the first class, decorators included.
        let lower = place.map { statement in
          scan.source.lineStart(of: statement.range.lower)
        }
        let offset = lower ?? scan.source.count
        return (name, TextEdit(SourceRange(offset, offset), definition(name, names)))
      }
      number += 1
    }
  }
}

extension SourceText {
  /// The offset at which the line of an offset begins.
  func lineStart(of offset: Int) -> Int { wholeLines(SourceRange(offset, offset)).lower }
}
