extension NASBench201Space {
  /// The cell, its edges and operations and the network around it, without the benchmark's name.
  public var promptDescription: String {
    """
    An architecture is a cell, a small directed graph with 4 nodes, numbered 0 to 3. Node 0 is the input of the cell and \
    node 3 is its output. There is an edge from each node to each later one, so 6 edges in all. Every edge applies one \
    operation to the features of the node it comes from, and every node but node 0 is the sum of the results of the \
    edges that come into it.

    The operations:
    - none: the edge does not exist
    - skip_connect: the identity
    - nor_conv_1x1: ReLU, 1 × 1 convolution, batch normalisation
    - nor_conv_3x3: ReLU, 3 × 3 convolution, batch normalisation
    - avg_pool_3x3: 3 × 3 average pooling with stride 1

    All operations keep the number of channels and the size of the features. The network stacks the cell 15 times in three \
    stages of 16, 32 and 64 channels; between the stages a residual block halves the height and width. It classifies \
    images of \(task.imageSize) × \(task.imageSize) pixels into \(task.classCount) classes.

    A cell is written as
    |OP~0|+|OP~0|OP~1|+|OP~0|OP~1|OP~2|
    where the parts between the plus signs are nodes 1, 2 and 3, OP is an operation, and the number behind ~ is the node \
    that the edge comes from.

    """
  }

  /// An arch string as `text(of:)` writes it.
  public var textGrammar: String? {
    let names = NASBench201Operation.allCases.map { "\"\($0.name)\"" }.joined(separator: " | ")
    return """
      root ::= "|" op "~0|+|" op "~0|" op "~1|+|" op "~0|" op "~1|" op "~2|"
      op ::= \(names)

      """
  }
}
