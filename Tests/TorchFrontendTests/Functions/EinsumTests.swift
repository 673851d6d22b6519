import RandomStreams
import Testing

/// `einsum` in all its forms.
@Suite struct EinsumTests {
  static let groups = [
    FunctionGroup(
      ["a": [2, 3, 4], "b": [2, 4, 5], "m": [3, 4], "v": [4], "s": [3, 3]],
      [
        "torch.einsum('bij,bjk->bik', a, b)", "torch.einsum('bij,bjk', a, b)",
        "torch.einsum('bij,bjk->kib', a, b)",
        "torch.einsum('b i j, j -> b i', a, v)", "torch.einsum('bij,ij->b', a, m)",
        "torch.einsum('ij->ji', m)",
        "torch.einsum('ij', m)", "torch.einsum('ji', m)", "torch.einsum('ij->', m)", "torch.einsum('ii', s)",
        "torch.einsum('ii->i', s)", "torch.einsum('...ij,...jk->...ik', a, b)",
        "torch.einsum('i,j->ij', v, v)",
        "torch.einsum('bij,ij->bij', a, m)", "torch.einsum('i,i->', v, v)", "torch.einsum('...j,j', a, v)",
        "torch.einsum('bij,bjk,ij->bk', a, b, m)", "torch.einsum('aij,ajk->a', a, b)",
        "torch.einsum('Bij->jBi', a)",
        "torch.einsum(a, [0, 1, 2], b, [0, 2, 3], [0, 1, 3])", "torch.einsum(m, [0, 1], v, [1])",
        "torch.einsum(a, [..., 1, 2], b, [..., 2, 3])", "torch.einsum('bij,bjk->bik', [a, b])",
        "torch.einsum('ii,ij->j', s, m)", "torch.einsum('...ij->...ji', a)",
        "torch.einsum('b...,b...->...', a, a)",
        "torch.einsum('bij,cij->bc', a, a)", "torch.einsum('bij,ik,jl->bkl', a, s, b[0])",
        "torch.einsum('...,...->...', a, m)", "torch.einsum('bij,bjk->i', a, b)",
        "torch.einsum('ij,k->ik', m, v)",
        "torch.einsum('ij,kj->ik', m, m)", "torch.einsum('ji,jk->ik', m, s)",
        "torch.einsum('ij,j->i', m, v[:1])",
        "torch.einsum('bij,jk->bik', a, b[0])", "torch.einsum('bnij,bnjk->bnik', a[:, None], b[:, None])",
        "torch.tensordot(a, b, dims=([2], [1]))", "torch.tensordot(m, m, 2)", "torch.tensordot(v, v, 0)",
        "torch.tensordot(a, b, dims=([0, 2], [0, 1]))", "torch.tensordot(m, v, dims=1)",
        "torch.einsum('ij,jk->ikl', m, s)", "torch.einsum('ij,jk->ik', m)", "torch.einsum('ij', a)",
        "torch.einsum('ij,jk->ik', m, m)", "torch.einsum('i.j', m)", "torch.einsum('ij->ii', m)",
        "torch.einsum('i1', m)", "torch.einsum('ii', m)", "torch.einsum('ij,ij->ij', m, s)",
        "torch.einsum('ij,jk->ik', m, v)", "torch.tensordot(a, b, dims=([0], [1, 2]))",
        "torch.einsum('i...j', v)",
      ])
  ]

  /// Random equations over up to three operands with repeated labels, ellipses and any output.
  static func randomEquations(_ count: Int) -> [FunctionGroup] {
    var stream = RandomStream(seed: 6).stream("equations")
    let labels = ["i", "j", "K", "b"]
    let extents = [2, 3, 4, 2]
    return (0..<count).map { _ in
      var operands: [(name: String, shape: [Int])] = []
      var sides: [String] = []
      var used: Set<Int> = []
      let hidden = stream.integer(below: 3) == 0
      for index in 0...stream.integer(below: 3) {
        let axes = (0...stream.integer(below: 3)).map { _ in stream.integer(below: labels.count) }
        used.formUnion(axes)
        var text = axes.map { labels[$0] }.joined()
        var shape = axes.map { extents[$0] }
        if hidden {
          let count = stream.integer(below: 3)
          text = "..." + text
          shape = [3, 2].suffix(count) + shape
        }
        operands.append((["x", "y", "z"][index], shape))
        sides.append(text)
      }
      var output = used.sorted().filter { _ in stream.integer(below: 2) == 0 }
      for place in output.indices { output.swapAt(place, stream.integer(below: output.count)) }
      let right =
        stream.integer(below: 4) == 0
        ? "" : "->" + (hidden ? "..." : "") + output.map { labels[$0] }.joined()
      let equation = sides.joined(separator: ",") + right
      var group = FunctionGroup(
        [:], ["torch.einsum('\(equation)', \(operands.map(\.name).joined(separator: ", ")))"])
      group.operands = operands
      return group
    }
  }

  @Test func randomEquationsAgree() throws { try FunctionComparison.check(Self.randomEquations(80)) }

  @Test func numbersAreThoseOfPyTorch() throws { try FunctionComparison.check(Self.groups) }
}
