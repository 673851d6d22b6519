import CKernels
import NetworkGraph

extension LoweringContext {
  /// q, k, v, the mask if there is one → result, logarithms of the sums of exponentials.
  func attention(_ fused: FusedAttention) -> LoweredOperation {
    let hasMask = fused.attention.hasMask
    let heads = Heads(
      fused.attention, [fused.query, fused.key, fused.value, fused.result], mask: hasMask ? shape(3) : nil)
    let kernels = kernels
    return LoweredOperation(
      units: heads.count, scratchByteCount: heads.scratchByteCount
    ) { operands, units in
      let (query, key, value) = (operands.input(0), operands.input(1), operands.input(2))
      let mask = hasMask ? operands.input(3) : nil
      let (result, logarithms, scratch) = (operands.output(0), operands.output(1), operands.scratch)
      return {
        for head in units {
          var shape = heads.shape(at: head)
          kernels.pointee.attention(
            &shape, query + heads.offset(head, of: 0), key + heads.offset(head, of: 1),
            value + heads.offset(head, of: 2), mask.map { $0 + heads.maskOffset(head) },
            result + heads.offset(head, of: 3), logarithms + head * shape.queries, scratch)
        }
      }
    }
  }

  /// q, k, v, the mask if there is one, result, logarithms, output gradient → gradients of q, k and v.
  func attentionGradient(_ fused: FusedAttentionGradient) -> LoweredOperation {
    let (kernels, first) = (kernels, fused.attention.hasMask ? 4 : 3)
    let heads = Heads(
      fused.attention,
      [fused.query, fused.key, fused.value, fused.result, fused.gradient] + fused.gradients.map(\.tensor),
      mask: fused.attention.hasMask ? shape(3) : nil)
    let outputs = fused.gradients.map(\.output)
    return LoweredOperation(
      units: heads.count, scratchByteCount: heads.scratchByteCount
    ) { operands, units in
      let (query, key, value) = (operands.input(0), operands.input(1), operands.input(2))
      let mask = first == 4 ? operands.input(3) : nil
      let (result, logarithms) = (operands.input(first), operands.input(first + 1))
      let (gradient, scratch) = (operands.input(first + 2), operands.scratch)
      let ofOperands = outputs.map { operands.output($0) }
      return {
        for head in units {
          var shape = heads.shape(at: head)
          kernels.pointee.attention_gradient(
            &shape, query + heads.offset(head, of: 0), key + heads.offset(head, of: 1),
            value + heads.offset(head, of: 2), mask.map { $0 + heads.maskOffset(head) },
            result + heads.offset(head, of: 3), logarithms + head * shape.queries,
            gradient + heads.offset(head, of: 4), ofOperands[0] + heads.offset(head, of: 5),
            ofOperands[1] + heads.offset(head, of: 6), ofOperands[2] + heads.offset(head, of: 7), scratch)
        }
      }
    }
  }
}

extension FusedAttention {
  /// Attention of dense operands.
  init(_ attention: Attention, inputs: [TensorType]) {
    let tensors = inputs.prefix(3).map { StridedTensor(dense: $0.shape) }
    let result = StridedTensor(dense: inputs[0].shape.dropLast() + inputs[2].shape.suffix(1))
    self.init(attention: attention, query: tensors[0], key: tensors[1], value: tensors[2], result: result)
  }
}

extension FusedAttentionGradient {
  /// The gradient for dense operands.
  init(_ attention: Attention, inputs: [TensorType]) {
    let forward = FusedAttention(attention, inputs: inputs)
    let operands = [forward.query, forward.key, forward.value]
    self.init(
      attention: attention, query: operands[0], key: operands[1], value: operands[2], result: forward.result,
      gradient: forward.result,
      gradients: operands.indices.map { Result(output: $0, tensor: operands[$0]) })
  }
}

/// The matrices that attention is computed for one by one.
private struct Heads {
  private var shape: niche_attention
  /// How many there are.
  let count: Int
  /// Walks through all tensors, the mask last.
  private let nest: LoopNest
  private let tensors: [StridedTensor]
  private let hasMask: Bool

  /// Query, key, value and result; for the gradient those of the result and of the three operands too.
  init(_ attention: Attention, _ tensors: [StridedTensor], mask: [Int]?) {
    self.tensors = tensors
    hasMask = mask != nil
    let (query, value) = (tensors[0].shape, tensors[2].shape)
    let leading = Array(query.dropLast(2))
    shape = niche_attention()
    shape.queries = query[query.count - 2]
    shape.features = query[query.count - 1]
    shape.keys = value[value.count - 2]
    shape.values = value[value.count - 1]
    shape.scale = Float(attention.scale)
    count = leading.reduce(1, *)
    var strides = tensors.map { Array($0.strides.dropLast(2)) }
    if let mask {
      let all = LoopNest.broadcastStrides(mask, to: leading + [shape.queries, shape.keys])
      shape.mask_query = all[all.count - 2]
      shape.mask_key = all[all.count - 1]
      strides.append(Array(all.dropLast(2)))
    }
    nest = LoopNest(extents: leading, strides: strides)
  }

  /// The shape with where the head behind one lies.
  func shape(at head: Int) -> niche_attention {
    var shape = shape
    let next = min(head + 1, count - 1)
    func rows(_ tensor: Int) -> niche_rows {
      let strides = tensors[tensor].strides
      return niche_rows(
        row: strides[strides.count - 2], head: offset(next, of: tensor) - offset(head, of: tensor))
    }
    (shape.q, shape.k, shape.v, shape.result) = (rows(0), rows(1), rows(2), rows(3))
    if tensors.count == 8 {
      (shape.gradient, shape.q_gradient, shape.k_gradient, shape.v_gradient) = (
        rows(4), rows(5), rows(6), rows(7)
      )
    }
    return shape
  }

  /// Memory that one thread needs.
  var scratchByteCount: Int { withUnsafePointer(to: shape) { niche_attention_scratch($0) } }

  /// Where a head begins in a tensor's memory.
  func offset(_ head: Int, of tensor: Int) -> Int { tensors[tensor].offset + nest.offset(head, of: tensor) }

  func maskOffset(_ head: Int) -> Int { hasMask ? nest.offset(head, of: tensors.count) : 0 }
}
