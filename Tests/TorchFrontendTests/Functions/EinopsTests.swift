import RandomStreams
import Testing

/// `einops`: functions, layers and errors.
@Suite struct EinopsTests {
  static let groups = [
    FunctionGroup(
      ["x": [2, 6, 4, 4], "t": [2, 5, 12], "c": [1, 1, 3], "v": [3]], isEinops: true,
      [
        "rearrange(x, 'b c h w -> b (h w) c')", "rearrange(t, 'b n (h d) -> b h n d', h=3)",
        "rearrange(x, 'b c (h p1) (w p2) -> b (h w) (p1 p2 c)', p1=2, p2=2)",
        "rearrange(x, 'b ... -> b (...)')",
        "rearrange(x, 'b ... w -> w b ...')", "rearrange(x, '(b1 b2) c h w -> b1 b2 c h w', b1=2)",
        "rearrange(c, '1 1 d -> d')", "rearrange(c, '() () d -> d')", "rearrange(v, 'd -> 1 d 1')",
        "rearrange(v, 'd -> () d')", "rearrange([v, v, v], 'n d -> d n')",
        "rearrange(x, 'b (g c) h w -> (b g) c h w', g=2)",
        "rearrange(t, 'b n (three d) -> three b n d', three=3)", "rearrange(x, '... h w -> ... (h w)')",
        "rearrange(t, '... (d j) -> ... d j', j=2)", "rearrange(x, 'b c h w->b c h w')",
        "repeat(c, '1 1 d -> b 1 d', b=4)", "repeat(c, '() n d -> b n d', b=2)",
        "repeat(v, 'd -> b n d', b=2, n=3)",
        "repeat(v, 'd -> (d 2)')", "repeat(v, 'd -> (2 d)')", "repeat(x, 'b c h w -> b c (h 2) (w 3)')",
        "repeat(t, 'b n d -> b n (d j)', j=2)", "repeat(v, '... d -> b ... d', b=2)",
        "repeat(t, 'b ... -> (b r) ...', r=3)", "reduce(x, 'b c h w -> b c', 'mean')",
        "reduce(x, 'b c h w -> c', 'sum')",
        "reduce(x, 'b c (h 2) (w 2) -> b c h w', 'max')",
        "reduce(x, 'b c (h h2) (w w2) -> b h w c', 'min', h2=2, w2=4)",
        "reduce(x, 'b c h w -> b c 1 1', 'mean')", "reduce(x, 'b c h w -> b c () ()', 'max')",
        "reduce(x, 'b ... -> b', 'mean')", "reduce(x, 'b c h w -> ', 'sum')",
        "reduce(t, 'b n d -> b d', torch.amax)",
        "reduce(t, 'b n d -> b d', lambda a, axes: a.mean(axes) * 2)",
        "Rearrange('b c h w -> b (h w) c')(x)", "Rearrange('b (h p) d -> b h p d', p=5)(t)",
        "Reduce('b c h w -> b c', 'mean')(x)", "Reduce('b c (h 2) w -> b c h w', reduction='max')(x)",
        "einops.einsum(t, t, 'b i d, b j d -> b i j')",
        "einops.einsum(t, v[:1], 'batch n d, one -> batch n')",
        "einops.einsum(x, '... h w -> ... w')", "einops.einsum(t, t, 'b ... d, b n d -> ...')",
        "pack([t, t[:, 0]], 'b * d')[0]", "p, s = pack([x, t], 'b *'); p",
        "p, s = pack([x, t], 'b *'); unpack(p, s, 'b *')",
        "p, s = pack([t, v.expand(2, 12, 3).mT[:, 0]], 'b * d'); unpack(p, s, 'b * d')",
        "unpack(t, [[2], [3]], 'b * d')", "unpack(t, [[], [2, 2]], 'b * d')",
        "unpack(t, [[2], [-1]], 'b * d')",
        "parse_shape(x, 'b c h w')['h']", "parse_shape(x, 'b _ ... w')['w']",
        "rearrange(x, 'b c h w -> b c h')", "rearrange(x, 'b c h -> b c h')",
        "rearrange(x, 'b c h w -> b c h w d')",
        "rearrange(x, 'b (c g) h w -> b c g h w', g=4)", "rearrange(x, 'b (c g) h w -> b c g h w')",
        "rearrange(x, 'b b h w -> b h w')", "rearrange(x, 'b c h w')",
        "rearrange(x, 'b c ((h w)) -> b c h w')",
        "rearrange(x, 'b c (h w -> b c h w')", "rearrange(x, 'b c h w -> b c h w', p=2)",
        "rearrange(x, '2 c h w -> c h w')",
        "repeat(v, 'd -> d n')", "repeat(v, 'd -> n', n=2)", "reduce(x, 'b c h w -> b q', 'mean')",
        "reduce(x, 'b c h w -> b c', 'median')", "rearrange(v, '... -> b')", "rearrange(v, 'd. -> d')",
        "rearrange(x, 'b c h w -> b ... c')", "rearrange(x, 'b (...) -> b ...')",
        "rearrange(x, '_b c h w -> c _b h w')",
        "rearrange(x, 'b c h 1 -> b c h')", "unpack(t, [[2], [2]], 'b * d')", "pack([v, t], 'b * d')",
        "pack([v], 'a b')", "rearrange(x, 'b-c h w')", "Rearrange('b c -> b d')(t)",
      ])
  ]

  /// Random patterns against the reshape, permutation and reduction that they stand for.
  static func randomPatterns(_ count: Int) -> [FunctionGroup] {
    var stream = RandomStream(seed: 5).stream("patterns")
    return (0..<count).map { index in
      let rank = stream.integer(below: 4) + 1
      let names = (0..<rank).map { "a\($0)" }
      let extents = (0..<rank).map { _ in stream.integer(below: 3) + 1 }
      /// The names in an order, grouped at random: the text of a side, and the extents of its dimensions.
      func side(_ order: [Int]) -> (text: String, groups: [[Int]]) {
        var groups: [[Int]] = []
        for axis in order {
          if groups.isEmpty || stream.integer(below: 2) == 0 { groups.append([]) }
          groups[groups.count - 1].append(axis)
        }
        let words = groups.map { group in
          group.count == 1 && stream.integer(below: 3) > 0
            ? names[group[0]] : "(" + group.map { names[$0] }.joined(separator: " ") + ")"
        }
        return (words.joined(separator: " "), groups)
      }
      func product(_ axes: [Int]) -> Int { axes.reduce(1) { $0 * extents[$1] } }
      let left = side(Array(0..<rank))
      var order = Array(0..<rank)
      for place in order.indices { order.swapAt(place, stream.integer(below: rank)) }
      let isReduction = index.isMultiple(of: 3)
      let kept = isReduction ? order.filter { _ in stream.integer(below: 2) == 0 } : order
      let right = side(kept)
      let sizes = zip(names, extents).map { "\($0)=\($1)" }.joined(separator: ", ")
      let function = isReduction ? "reduce" : "rearrange"
      let kind = isReduction ? ", 'sum'" : ""
      let lost = (0..<rank).filter { !kept.contains($0) }
      let sum = lost.isEmpty ? "" : ".sum(\(lost))"
      let positions = kept.map { axis in axis - lost.count { $0 < axis } }
      return FunctionGroup(
        ["x": left.groups.map(product)],
        [
          "\(function)(x, '\(left.text) -> \(right.text)'\(kind), \(sizes)) ≡ "
            + "x.reshape(\(extents))\(sum).permute(\(positions)).reshape(\(right.groups.map(product)))"
        ])
    }
  }

  @Test func randomPatternsDoWhatTheySay() throws { try FunctionComparison.check(Self.randomPatterns(60)) }

  @Test func numbersAreThoseOfEinops() throws { try FunctionComparison.check(Self.groups) }
}
