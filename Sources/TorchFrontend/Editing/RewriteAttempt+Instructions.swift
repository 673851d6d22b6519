import NetworkGraph
import RandomStreams

extension RewriteAttempt {
  /// Follows an instruction; `combine` is not one of these.
  mutating func run(_ instruction: RewriteInstruction, _ stream: inout RandomStream) {
    switch instruction {
    case .addLayer:
      let kinds = shuffled(LayerKind.allCases, &stream)
      for kind in kinds where first(of: insertions(of: [kind], &stream), atMost: 6) { return }
    case .deleteLayer: deleteLayer(&stream)
    case .improve: improve(&stream)
    case .shrink: shrink(&stream)
    case .grow: grow(&stream)
    case .addFullyConnected: _ = first(of: insertions(of: [.linear], &stream))
    case .addConvolution:
      let kinds: [LayerKind] = stream.bernoulli(0.8) ? [.conv] : [.depthwiseConv, .conv]
      for kind in kinds where first(of: insertions(of: [kind], &stream)) { return }
    case .addPooling:
      let kinds: [LayerKind] = stream.bernoulli(0.6) ? [.maxPool, .avgPool] : [.avgPool, .maxPool]
      for kind in kinds where first(of: insertions(of: [kind], &stream)) { return }
    case .addResidual: addResidual(&stream)
    case .addResiduals:
      for _ in 0..<(2 + stream.integer(below: 3)) { addResidual(&stream) }
    case .addDropout: _ = first(of: insertions(of: [.dropout], &stream))
    case .addNormalization: _ = first(of: normalizations(&stream))
    case .widen: scaleOne(by: stream.uniform(1.25, 2), &stream)
    case .narrow: scaleOne(by: 1 / stream.uniform(1.25, 2), &stream)
    case .deepen: deepen(2 + stream.integer(below: 3), &stream)
    case .flatten:
      for _ in 0..<(2 + stream.integer(below: 2)) { deleteLayer(&stream) }
    case .combine: break
    }
  }

  // MARK: Adding

  /// Insertions of layers of those kinds behind every place, in random order.
  private func insertions(of kinds: [LayerKind], _ stream: inout RandomStream) -> [NetworkEdit] {
    let anchors = [NetworkEdit.inputName] + map.layers.filter(\.isApplied).map(\.name)
    var edits: [NetworkEdit] = []
    for kind in kinds {
      for anchor in shuffled(anchors, &stream) {
        edits.append(.insert(after: anchor, specification(kind, &stream)))
      }
    }
    return edits
  }

  /// A layer with random numbers; widths are drawn log-uniformly.
  private func specification(_ kind: LayerKind, _ stream: inout RandomStream) -> LayerSpecification {
    switch kind {
    case .conv:
      LayerSpecification(
        kind, width: width(8, 128, &stream), kernelSize: stream.element(of: [1, 3, 3, 3, 5]),
        stride: stream.bernoulli(0.2) ? 2 : 1)
    case .depthwiseConv: LayerSpecification(kind, kernelSize: stream.element(of: [3, 3, 5]))
    case .linear: LayerSpecification(kind, width: width(16, 512, &stream))
    case .maxPool, .avgPool: LayerSpecification(kind, kernelSize: stream.element(of: [2, 2, 2, 3]))
    case .dropout: LayerSpecification(kind, probability: stream.element(of: [0.1, 0.2, 0.25, 0.3, 0.5]))
    default: LayerSpecification(kind)
    }
  }

  private func width(_ lower: Double, _ upper: Double, _ stream: inout RandomStream) -> Int {
    let ratio = upper / lower
    // Without a logarithm: halve or double at random, then vary within the octave.
    var octaves = 0
    while lower * Double(1 << (octaves + 1)) <= upper, octaves < 16 { octaves += 1 }
    let octave = stream.integer(below: max(1, octaves))
    let value = lower * Double(1 << octave) * stream.uniform(1, min(2, ratio))
    return min(limits.maximumWidth, rounded(value))
  }

  /// Normalisations, behind weighted layers that have none first.
  private func normalizations(_ stream: inout RandomStream) -> [NetworkEdit] {
    let layers = map.layers.filter(\.isApplied)
    var preferred: [String] = []
    var others: [String] = []
    for (index, layer) in layers.enumerated() {
      let next = index + 1 < layers.count ? layers[index + 1].type : ""
      let isBare = LayerSignature.weighted.contains(layer.type) && !next.contains("Norm")
      if isBare { preferred.append(layer.name) } else { others.append(layer.name) }
    }
    let names = shuffled(preferred, &stream) + shuffled(others, &stream) + [NetworkEdit.inputName]
    return names.map { .insert(after: $0, LayerSpecification(.batchNorm)) }
  }

  private mutating func addResidual(_ stream: inout RandomStream) {
    if first(of: residuals(&stream)) { return }
    // Nothing can be wrapped: a new layer that keeps the shape can.
    let before = self
    let anchors = shuffled([NetworkEdit.inputName] + map.layers.filter(\.isApplied).map(\.name), &stream)
    for anchor in anchors.prefix(8) {
      for kind in [LayerKind.conv, .linear] {
        guard step(.insert(after: anchor, LayerSpecification(kind))) else { continue }
        if first(of: residuals(&stream)) { return }
        self = before
      }
    }
  }

  /// Residual connections around every layer that mixes channels, those that keep the shape first, then around the others.
  private func residuals(_ stream: inout RandomStream) -> [NetworkEdit] {
    let layers = map.layers.enumerated().filter { $0.offset != map.head && $0.element.isApplied }.map(
      \.element)
    let isMixing: (MappedLayer) -> Bool = { LayerSignature.weighted.contains($0.type) }
    let groups = [
      layers.filter { isMixing($0) && $0.keepsShape }, layers.filter { isMixing($0) && !$0.keepsShape },
      layers.filter { !isMixing($0) && !$0.keepsShape },
    ]
    var edits: [NetworkEdit] = []
    for group in groups { edits += shuffled(group, &stream).map { .wrapInResidual(layer: $0.name) } }
    return edits
  }

  private mutating func deepen(_ count: Int, _ stream: inout RandomStream) {
    var added = 0
    for _ in 0..<count {
      let kinds: [LayerKind] = stream.bernoulli(0.7) ? [.conv, .linear] : [.linear, .conv]
      for kind in kinds where first(of: insertions(of: [kind], &stream), atMost: 12) {
        added += 1
        break
      }
    }
    if added == 0 { mutateLiterals(.repeats(1), &stream) }
  }

  // MARK: Taking away

  private mutating func deleteLayer(_ stream: inout RandomStream) {
    let names = map.layers.enumerated().filter { $0.offset != map.head }.map(\.element.name)
    if first(of: shuffled(names, &stream).map { .delete(layer: $0) }) { return }
    mutateLiterals(.repeats(-1), &stream)
  }

  private mutating func shrink(_ stream: inout RandomStream) {
    let factor = 1 / stream.uniform(2, 4)
    scaleAll(by: factor, &stream)
    if stream.bernoulli(0.5) { deleteLayer(&stream) }
    if !hasChanged { _ = first(of: insertions(of: [.maxPool, .avgPool], &stream)) }
  }

  private mutating func grow(_ stream: inout RandomStream) {
    let factor = stream.uniform(2, 4)
    scaleAll(by: factor, &stream)
    if stream.bernoulli(0.5) || !hasChanged { deepen(1 + stream.integer(below: 2), &stream) }
  }

  // MARK: Widths

  /// The layers whose width is a number in the text and may be changed.
  private var scalable: [MappedLayer] {
    map.layers.enumerated().filter { index, layer in
      guard index != map.head, layer.isApplied, let name = LayerSignature.widthName(of: layer.type) else {
        return false
      }
      return layer.call.integer(name) != nil && !layer.isRepeated && (layer.call.integer("groups") ?? 1) == 1
    }.map(\.element)
  }

  private func scaled(_ width: Int, by factor: Double, _ stream: inout RandomStream) -> Int {
    if factor > 1, width < 8 { return stream.element(of: [8, 16, 32]) ?? 8 }
    let value = rounded(Double(width) * factor)
    return max(1, min(limits.maximumWidth, factor > 1 ? max(value, width + 1) : min(value, width - 1)))
  }

  /// To a multiple of 8 where that is near, otherwise to a whole number.
  private func rounded(_ value: Double) -> Int {
    guard value.isFinite, value < 1e6 else { return limits.maximumWidth }
    return value >= 32 ? Int((value / 8).rounded()) * 8 : max(1, Int(value.rounded()))
  }

  private mutating func scaleOne(by factor: Double, _ stream: inout RandomStream) {
    var edits: [NetworkEdit] = []
    for layer in shuffled(scalable, &stream) {
      guard let width = layer.outputWidth else { continue }
      let value = scaled(width, by: factor, &stream)
      if value != width {
        edits.append(.setAttribute(layer: layer.name, name: "width", value: Double(value)))
      }
    }
    if first(of: edits) { return }
    mutateLiterals(.widths(factor), &stream)
    if !hasChanged { note("no layer can be made \(factor > 1 ? "wider" : "narrower")") }
  }

  private mutating func scaleAll(by factor: Double, _ stream: inout RandomStream) {
    for name in scalable.map(\.name) {
      guard let layer = scalable.first(where: { $0.name == name }), let width = layer.outputWidth else {
        continue
      }
      let value = scaled(width, by: factor, &stream)
      if value != width { _ = step(.setAttribute(layer: name, name: "width", value: Double(value))) }
    }
    if !hasChanged { mutateLiterals(.widths(factor), &stream) }
  }

  // MARK: Improving

  private mutating func improve(_ stream: inout RandomStream) {
    let instructions: [RewriteInstruction] = [
      .addConvolution, .addNormalization, .widen, .addResidual, .addFullyConnected, .addPooling, .addDropout,
      .deepen,
    ]
    var ways = instructions.map { Optional($0) } + [nil, nil]
    ways = shuffled(ways, &stream)
    for way in ways {
      if let way { run(way, &stream) } else { retune(&stream) }
      if hasChanged { return }
    }
  }

  /// Another kernel or another activation.
  private mutating func retune(_ stream: inout RandomStream) {
    var edits: [NetworkEdit] = []
    for (index, layer) in map.layers.enumerated() where layer.isApplied && index != map.head {
      if layer.type == "Conv2d", let kernel = stream.element(of: [1, 3, 5, 7]) {
        edits.append(.setAttribute(layer: layer.name, name: "kernel_size", value: Double(kernel)))
      } else if LayerSignature.activations.contains(layer.type),
        let kind = stream.element(of: [LayerKind.relu, .gelu, .silu, .leakyReLU])
      {
        edits.append(.replace(layer: layer.name, LayerSpecification(kind)))
      } else if layer.type.hasSuffix("Dropout"), let probability = stream.element(of: [0.1, 0.2, 0.3, 0.5]) {
        edits.append(.setAttribute(layer: layer.name, name: "p", value: probability))
      }
    }
    _ = first(of: shuffled(edits, &stream))
  }

  func shuffled<Element>(_ elements: [Element], _ stream: inout RandomStream) -> [Element] {
    stream.permutation(elements.count).map { elements[$0] }
  }
}
