/// What an element of a network's last feature map depends on in the first input.
///
/// Sizes are in rows and columns of the input, as if it went on beyond its border (Araujo et al. 2019, "Computing
/// Receptive Fields of Convolutional Neural Networks"): the span of all paths, so exact where paths differ.
public struct ReceptiveField: Sendable, Hashable, Codable {
  /// Rows that an element sees; the input's height where it sees all of them.
  public var height: Int
  /// Columns that an element sees; the input's width where it sees all of them.
  public var width: Int
  /// Rows of the input between neighbouring elements; 0 where every element sees all rows.
  public var verticalStride: Double
  /// Columns of the input between neighbouring elements; 0 where every element sees all columns.
  public var horizontalStride: Double

  /// The names in JSON.
  public enum CodingKeys: String, CodingKey, Sendable {
    case height, width
    case verticalStride = "vertical_stride"
    case horizontalStride = "horizontal_stride"
  }

  /// A receptive field.
  public init(height: Int, width: Int, verticalStride: Double, horizontalStride: Double) {
    self.height = height
    self.width = width
    self.verticalStride = verticalStride
    self.horizontalStride = horizontalStride
  }
}

/// What the elements of a value depend on along one axis of the image.
enum FieldOfView: Hashable {
  /// Nothing of the image.
  case none
  /// Index `i` along that axis of the value depends on `step·i + first … step·i + last` of the image.
  case local(axis: Int, step: Double, first: Double, last: Double)
  /// Every element may depend on the whole extent.
  case whole

  /// What the results of an elementwise function of both depend on.
  func joined(_ other: FieldOfView) -> FieldOfView {
    switch (self, other) {
    case (.none, _): return other
    case (_, .none): return self
    case (
      .local(let axis, let step, let first, let last),
      .local(let otherAxis, let otherStep, let otherFirst, let otherLast)
    ) where axis == otherAxis && step == otherStep:
      return .local(axis: axis, step: step, first: min(first, otherFirst), last: max(last, otherLast))
    default: return .whole
    }
  }

  /// The same, attached to another axis of the value; the whole where that axis is gone.
  func moved(_ axes: (Int) -> Int?) -> FieldOfView {
    guard case .local(let axis, let step, let first, let last) = self else { return self }
    guard let moved = axes(axis) else { return .whole }
    return .local(axis: moved, step: step, first: first, last: last)
  }

  /// What a window that slides along an axis makes of it; the whole where it is attached to another that mixes.
  func slid(along axis: Int, by stride: Int, padding: Int, reach: Int) -> FieldOfView {
    guard case .local(axis, let step, let first, let last) = self else { return self }
    let begin = first - step * Double(padding)
    return .local(
      axis: axis, step: step * Double(stride), first: begin,
      last: begin + (last - first) + step * Double(reach))
  }

  /// The whole where it is attached to one of those axes.
  func mixed(over axes: some Collection<Int>) -> FieldOfView {
    if case .local(let axis, _, _, _) = self, axes.contains(axis) { return .whole }
    return self
  }

  var axis: Int? {
    if case .local(let axis, _, _, _) = self { axis } else { nil }
  }
}

extension Graph {
  /// What an element of the last feature map sees of the first input, images `[N, C, H, W]` or `[N, C, L]`.
  ///
  /// The last feature map is the last value on the way to an output that still has places along the image's axes:
  /// what comes before flattening, global pooling or attention over places. Nil where the first input is no image
  /// or nothing is done to it place by place.
  var receptiveField: ReceptiveField? {
    guard let input = inputs.first, [3, 4].contains(type(of: input.value).rank) else { return nil }
    let shape = type(of: input.value).shape
    let fields = FieldPropagation(self, from: input.value).fields
    // A map without places of its own along one of two axes is a map still; one place is none.
    let last = nodes.lastIndex { node in
      guard let output = node.outputs.first, output != input.value else { return false }
      let extents = type(of: output).shape
      return fields[output.index].contains { $0.axis.map { extents[$0] > 1 } ?? false }
    }
    guard let last, let value = nodes[last].outputs.first else { return nil }
    func side(_ field: FieldOfView, _ extent: Int) -> (size: Int, stride: Double) {
      guard case .local(_, let step, let first, let last) = field else {
        return (field == .whole ? extent : 1, 0)
      }
      return (Int(exactly: min(last - first, 1e15).rounded(.up)).map { $0 + 1 } ?? extent, step)
    }
    let vertical = side(fields[value.index][0], shape.count == 4 ? shape[2] : 1)
    let horizontal = side(fields[value.index][1], shape.last ?? 1)
    return ReceptiveField(
      height: vertical.size, width: horizontal.size, verticalStride: vertical.stride,
      horizontalStride: horizontal.stride)
  }
}
