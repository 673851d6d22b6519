import CKernels
import NetworkGraph

extension LoweringContext {
  /// q, k, v, the mask if there is one → result, logarithms of the sums of exponentials.
  func attention(_ attention: Attention) -> LoweredOperation {
    let (kernels, heads) = (kernels, Heads(attention, inputs))
    return LoweredOperation(
      units: heads.count, scratchByteCount: heads.scratchByteCount
    ) { operands, units in
      let (query, key, value) = (operands.input(0), operands.input(1), operands.input(2))
      let mask = attention.hasMask ? operands.input(3) : nil
      let (result, logarithms, scratch) = (operands.output(0), operands.output(1), operands.scratch)
      return {
        var shape = heads.shape
        for head in units {
          kernels.pointee.attention(
            &shape, query + head * heads.queryCount, key + head * heads.keyCount,
            value + head * heads.valueCount, mask.map { $0 + heads.maskOffset(head) },
            result + head * heads.resultCount, logarithms + head * shape.queries, scratch)
        }
      }
    }
  }

  /// q, k, v, the mask if there is one, result, logarithms, output gradient → gradients of q, k and v.
  func attentionGradient(_ attention: Attention) -> LoweredOperation {
    let (kernels, heads, first) = (kernels, Heads(attention, inputs), attention.hasMask ? 4 : 3)
    return LoweredOperation(
      units: heads.count, scratchByteCount: heads.scratchByteCount
    ) { operands, units in
      let (query, key, value) = (operands.input(0), operands.input(1), operands.input(2))
      let mask = attention.hasMask ? operands.input(3) : nil
      let (result, logarithms) = (operands.input(first), operands.input(first + 1))
      let (gradient, scratch) = (operands.input(first + 2), operands.scratch)
      let (ofQuery, ofKey, ofValue) = (operands.output(0), operands.output(1), operands.output(2))
      return {
        var shape = heads.shape
        for head in units {
          let (q, k, v) = (head * heads.queryCount, head * heads.keyCount, head * heads.valueCount)
          kernels.pointee.attention_gradient(
            &shape, query + q, key + k, value + v, mask.map { $0 + heads.maskOffset(head) },
            result + head * heads.resultCount, logarithms + head * shape.queries,
            gradient + head * heads.resultCount, ofQuery + q, ofKey + k, ofValue + v, scratch)
        }
      }
    }
  }
}

/// The matrices that attention is computed for one by one.
private struct Heads {
  var shape: niche_attention
  /// How many there are.
  let count: Int
  /// Walks through the masks.
  private let nest: LoopNest?

  init(_ attention: Attention, _ inputs: [TensorType]) {
    let (query, value) = (inputs[0].shape, inputs[2].shape)
    let leading = Array(query.dropLast(2))
    shape = niche_attention(
      queries: query[query.count - 2], keys: value[value.count - 2], features: query[query.count - 1],
      values: value[value.count - 1], mask_query: 0, mask_key: 0, scale: Float(attention.scale))
    count = leading.reduce(1, *)
    guard attention.hasMask else {
      nest = nil
      return
    }
    let strides = LoopNest.broadcastStrides(inputs[3].shape, to: leading + [shape.queries, shape.keys])
    shape.mask_query = strides[strides.count - 2]
    shape.mask_key = strides[strides.count - 1]
    nest = LoopNest(extents: leading, strides: [Array(strides.dropLast(2))])
  }

  /// Elements of one head's matrices.
  var queryCount: Int { shape.queries * shape.features }
  var keyCount: Int { shape.keys * shape.features }
  var valueCount: Int { shape.keys * shape.values }
  var resultCount: Int { shape.queries * shape.values }

  /// Memory that one thread needs.
  var scratchByteCount: Int { withUnsafePointer(to: shape) { niche_attention_scratch($0) } }

  func maskOffset(_ head: Int) -> Int { nest?.offset(head, of: 0) ?? 0 }
}
