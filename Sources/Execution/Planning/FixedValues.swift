import NetworkGraph

/// What stays the same from run to run as long as no variable changes, and the order in which that comes first.
struct FixedValues {
  /// Leaves and what rests on variables and constants alone, then everything else; each part in its old order.
  let nodes: [PlannedNode]
  /// How many nodes stand in the first part.
  let count: Int
  /// By value.
  private let isFixed: [Bool]

  /// Finds them among the nodes of an assignment.
  init(_ layouts: LayoutAssignment) {
    var isFixed = [Bool](repeating: false, count: layouts.values.count)
    var (first, second): ([PlannedNode], [PlannedNode]) = ([], [])
    for node in layouts.nodes {
      let operands = node.inputs.allSatisfy { isFixed[$0] }
      let isLeaf = node.inputs.isEmpty
      if isLeaf ? node.isVariableOrConstant : operands && node.isWorthKeeping {
        for output in node.outputs { isFixed[output] = true }
        first.append(node)
      } else {
        second.append(node)
      }
    }
    nodes = first + second
    count = first.count
    self.isFixed = isFixed
  }

  /// Whether a value stays.
  func contains(_ value: Int) -> Bool { isFixed[value] }
}

extension PlannedNode {
  fileprivate var isVariableOrConstant: Bool {
    guard case .operation(let operation) = work else { return false }
    return switch operation {
    case .parameter, .buffer, .constant: true
    default: false
    }
  }

  /// Whether the result is the same each time and not merely a larger copy of the operands.
  fileprivate var isWorthKeeping: Bool {
    guard case .operation(let operation) = work else { return true }
    return switch operation {
    case .dropout, .random, .expand: false
    default: true
    }
  }
}
