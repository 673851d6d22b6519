/// Follows along all paths what the elements of each value depend on in an image.
struct FieldPropagation {
  /// By value: along the image's height and width.
  private(set) var fields: [[FieldOfView]]
  /// By value: the axes along which its elements repeat.
  private var repeated: [Set<Int>]
  private let graph: Graph

  init(_ graph: Graph, from input: ValueID) {
    self.graph = graph
    fields = Array(repeating: [.none, .none], count: graph.values.count)
    repeated = Array(repeating: [], count: graph.values.count)
    let rank = graph.type(of: input).rank
    func place(_ axis: Int) -> FieldOfView { .local(axis: axis, step: 1, first: 0, last: 0) }
    for node in graph.nodes {
      if node.outputs == [input] {
        fields[input.index] = rank == 4 ? [place(2), place(3)] : [.none, place(2)]
      } else if !node.inputs.isEmpty {
        for output in node.outputs { fields[output.index] = result(node, output) }
      }
    }
  }

  private mutating func result(_ node: Node, _ output: ValueID) -> [FieldOfView] {
    let shape = graph.type(of: node.inputs[0]).shape
    let first = fields[node.inputs[0].index]
    switch node.operation {
    case .convolution(let convolution):
      let kernel = graph.type(of: node.inputs[1]).shape
      let window = Pooling(
        kernel: Size2D(kernel[2], kernel[3]), stride: convolution.stride, padding: convolution.padding,
        dilation: convolution.dilation)
      return slid(first.map { $0.mixed(over: [1]) }, window)
    case .convolutionInputGradient(let convolution, _):
      return transposed(node, convolution)
    case .maximumPooling(let window): return slid(first, window)
    case .averagePooling(let pooling): return slid(first, pooling.window)
    case .adaptiveAveragePooling(let height, let width), .adaptiveMaximumPooling(let height, let width):
      return adapted(first, shape, [height, width])
    case .batchNormalization, .unary, .dropout: return first
    case .binary: return joined(node, graph.type(of: output).rank)
    case .linear: return first.map { $0.mixed(over: [shape.count - 1]) }
    case .matrixMultiply(let left, let right): return product(node, left, right, output)
    case .softmax(let axis), .logSoftmax(let axis): return first.map { $0.mixed(over: [axis]) }
    case .transpose(let permutation): return first.map { $0.moved { permutation.firstIndex(of: $0) } }
    case .reshape(let target): return reshaped(first, node.inputs[0], shape, target)
    case .expand(let target):
      let shift = target.count - shape.count
      repeated[output.index] = Set(
        target.indices.filter { $0 < shift || (shape[$0 - shift] == 1 && target[$0] > 1) })
      return first.map { $0.moved { shape[$0] == target[$0 + shift] ? $0 + shift : nil } }
    case .concatenate(let axis):
      return joined(node, shape.count).map { $0.mixed(over: [axis]) }
    case .slice(let slice): return moved(first, slice.axis, by: slice.start, stride: slice.step)
    case .pad(let before, _, _):
      return before.indices.reduce(first) { moved($0, $1, by: -before[$1], stride: 1) }
    case .reduce(let reduction):
      let dropped = reduction.keepsDimensions ? [] : reduction.axes
      return first.map { field in
        field.mixed(over: reduction.axes).moved { axis in axis - dropped.count { $0 < axis } }
      }
    default:
      // Whatever else it is, it may mix places.
      let all = node.inputs.flatMap { fields[$0.index] }
      return [0, 1].map { side in
        all.indices.contains { $0 % 2 == side && all[$0] != .none } ? .whole : .none
      }
    }
  }

  private func slid(_ fields: [FieldOfView], _ window: Pooling) -> [FieldOfView] {
    fields.map { field in
      field.slid(
        along: 2, by: window.stride.height, padding: window.padding.height,
        reach: window.dilation.height * (window.kernel.height - 1)
      ).slid(
        along: 3, by: window.stride.width, padding: window.padding.width,
        reach: window.dilation.width * (window.kernel.width - 1))
    }
  }

  /// A transposed convolution: an element sees every `stride`-th tap of the kernel.
  private func transposed(_ node: Node, _ convolution: Convolution) -> [FieldOfView] {
    let kernel = graph.type(of: node.inputs[0]).shape
    let sides = [
      (2, kernel[2], convolution.stride.height, convolution.padding.height, convolution.dilation.height),
      (3, kernel[3], convolution.stride.width, convolution.padding.width, convolution.dilation.width),
    ]
    return fields[node.inputs[1].index].map { field in
      guard case .local(let axis, let step, let first, let last) = field.mixed(over: [1]),
        let (_, extent, stride, padding, dilation) = sides.first(where: { $0.0 == axis })
      else { return field.mixed(over: [1]) }
      let reach = dilation * (extent - 1)
      let begin = first + step * (Double(padding - reach) / Double(stride)).rounded(.up)
      return .local(
        axis: axis, step: step / Double(stride), first: begin,
        last: begin + (last - first) + step * Double(reach / stride))
    }
  }

  private func adapted(_ fields: [FieldOfView], _ shape: [Int], _ target: [Int]) -> [FieldOfView] {
    fields.map { field in
      guard case .local(let axis, let step, let first, let last) = field, axis >= 2, axis < 4 else {
        return field
      }
      let (from, to) = (shape[axis], target[axis - 2])
      if to == 1, from > 1 { return .whole }
      var reach = 1
      for place in 0..<to {
        let (begin, end) = (place * from / to, ((place + 1) * from + to - 1) / to)
        reach = max(reach, end - begin)
      }
      return .local(
        axis: axis, step: step * Double(from) / Double(to), first: first,
        last: last + step * Double(reach - 1))
    }
  }

  /// An elementwise function with broadcasting.
  private func joined(_ node: Node, _ rank: Int) -> [FieldOfView] {
    var result: [FieldOfView] = [.none, .none]
    let extents = node.inputs.map { graph.type(of: $0).shape }
    for (input, shape) in zip(node.inputs, extents) {
      let shift = rank - shape.count
      for side in 0..<2 {
        let field = fields[input.index][side].moved { axis in
          // Stretched along the axis that it is attached to, every element depends on the one there is.
          let isStretched =
            shape[axis] == 1
            && extents.contains { other in
              let place = axis + shift - (rank - other.count)
              return place >= 0 && other[place] > 1
            }
          return isStretched ? nil : axis + shift
        }
        result[side] = result[side].joined(field)
      }
    }
    return result
  }

  private func product(
    _ node: Node, _ transposesLeft: Bool, _ transposesRight: Bool, _ output: ValueID
  ) -> [FieldOfView] {
    let rank = graph.type(of: output).rank
    func side(_ input: ValueID, contracted: Int, kept: Int, becomes: Int) -> [FieldOfView] {
      let count = graph.type(of: input).rank
      return fields[input.index].map { field in
        field.moved { axis in
          if axis == count - contracted { return nil }
          if axis == count - kept { return rank - becomes }
          return axis + rank - count
        }
      }
    }
    let left = side(
      node.inputs[0], contracted: transposesLeft ? 2 : 1, kept: transposesLeft ? 1 : 2, becomes: 2)
    let right = side(
      node.inputs[1], contracted: transposesRight ? 1 : 2, kept: transposesRight ? 2 : 1, becomes: 1)
    return zip(left, right).map { $0.joined($1) }
  }

  private func moved(_ fields: [FieldOfView], _ axis: Int, by start: Int, stride: Int) -> [FieldOfView] {
    fields.map { field in
      guard case .local(axis, let step, let first, let last) = field else { return field }
      let shift = step * Double(start)
      return .local(axis: axis, step: step * Double(stride), first: first + shift, last: last + shift)
    }
  }

  /// Keeps the places of axes that a reshape leaves alone, or repeats, as nearest-neighbour upsampling does.
  private func reshaped(
    _ fields: [FieldOfView], _ input: ValueID, _ shape: [Int], _ target: [Int]
  ) -> [FieldOfView] {
    let groups = Self.groups(shape, target)
    return fields.map { field in
      guard case .local(let axis, let step, let first, let last) = field else { return field }
      guard let group = groups.first(where: { $0.from.contains(axis) }) else { return .whole }
      let sources = group.from.filter { shape[$0] > 1 }
      let targets = group.to.filter { target[$0] > 1 }
      if sources == [axis], targets.count == 1 {
        return .local(axis: targets[0], step: step, first: first, last: last)
      }
      if sources.isEmpty, let place = group.to.first {
        return .local(axis: place, step: step, first: first, last: last)
      }
      guard sources.first == axis, targets.count == 1,
        sources.dropFirst().allSatisfy({ repeated[input.index].contains($0) })
      else { return .whole }
      let factor = Double(target[targets[0]] / shape[axis])
      return .local(axis: targets[0], step: step / factor, first: first, last: last)
    }
  }

  /// The shortest runs of axes of both shapes that hold equally many elements.
  private static func groups(_ shape: [Int], _ target: [Int]) -> [(from: Range<Int>, to: Range<Int>)] {
    var result: [(from: Range<Int>, to: Range<Int>)] = []
    var (i, j) = (0, 0)
    while i < shape.count || j < target.count {
      let (begin, start) = (i, j)
      var (left, right) = (1, 1)
      if i < shape.count { (left, i) = (shape[i], i + 1) }
      if j < target.count { (right, j) = (target[j], j + 1) }
      while left != right {
        if left < right, i < shape.count {
          (left, i) = (left * shape[i], i + 1)
        } else if j < target.count {
          (right, j) = (right * target[j], j + 1)
        } else {
          break
        }
      }
      result.append((begin..<i, start..<j))
    }
    return result
  }
}
