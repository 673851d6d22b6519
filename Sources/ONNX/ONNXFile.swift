public import NetworkGraph

/// A network in evaluation mode as an ONNX file, which onnxruntime and others run without our or PyTorch's code.
///
/// Open Neural Network Exchange, operator set 20 (github.com/onnx/onnx, `onnx.proto`). Parameters and buffers keep
/// PyTorch's names. The bytes depend on nothing but the graph and the weights.
public struct ONNXFile: Sendable {
  /// The operator set: the least that has all operations we write.
  ///
  /// `Gelu` came with it. Later ones would bring no more than further element types, and would shut out older runtimes.
  public static let operatorSet = 20
  /// The version of the file format that brought it.
  static let format = 9

  /// The file's content.
  public let bytes: [UInt8]
  /// Whether any batch may be fed; else only that of the graph.
  public let takesAnyBatch: Bool

  /// Writes a graph with its weights.
  ///
  /// - Parameters:
  ///   - graph: the network, traced in evaluation mode; its inputs and outputs keep their order.
  ///   - other: the same traced with another batch. If the two differ in nothing else, the file takes any batch.
  ///   - name: what the file calls the network.
  ///   - weight: the values of a parameter or buffer by PyTorch's name, row-major; nil where there are none.
  /// - Throws: `ONNXError`.
  public init(
    _ graph: Graph, comparedWith other: Graph? = nil, name: String, weight: (String) -> [Float]?
  ) throws(ONNXError) {
    let shapes = other.flatMap { BatchShapes(graph, $0) } ?? BatchShapes(fixed: graph)
    var writer = ONNXWriter(graph, shapes)
    try writer.write(weight)
    takesAnyBatch = shapes.batch != nil
    var content = ProtocolBuffer()
    for node in writer.nodes { content.add(1, node.encoded) }
    content.add(2, name)
    for tensor in writer.tensors { content.add(5, tensor.encoded) }
    for port in writer.inputs { content.add(11, port.encoded) }
    for port in writer.outputs { content.add(12, port.encoded) }
    var operators = ProtocolBuffer()
    operators.add(1, "")
    operators.add(2, Self.operatorSet)
    var file = ProtocolBuffer()
    file.add(1, Self.format)
    file.add(2, "niche")
    file.add(7, content)
    file.add(8, operators)
    bytes = file.bytes
  }
}
