import Testing

/// Recurrent layers, attention and transformers.
@Suite struct SequenceLayerParityTests {
  static let recurrent =
    [
      "nn.RNN(3, 5)", "nn.RNN(3, 5, 2, nonlinearity='relu', bias=False)", "nn.RNN(3, 5, bidirectional=True)",
      "nn.LSTM(3, 5)", "nn.LSTM(3, 5, num_layers=2, bidirectional=True)",
      "nn.LSTM(3, 5, 2, batch_first=True, proj_size=2)",
      "nn.LSTM(3, 5, bias=False, proj_size=3, bidirectional=True)",
      "nn.GRU(3, 5)", "nn.GRU(3, 5, num_layers=3, batch_first=True, bidirectional=True)",
      "nn.GRU(3, 5, bias=False)",
    ].flatMap { layer in
      let forward = layer.contains("LSTM") ? "y, (h, c) = self.layer(x)\nreturn y, h, c" : "self.layer(x)"
      return [
        ValueCase(layer, on: [4, 2, 3], forward: forward),
        ValueCase(layer, on: [4, 3], forward: forward, training: false),
      ]
    } + [
      ValueCase(
        "nn.LSTM(3, 5, dropout=0.5, num_layers=2, batch_first=True)", on: [2, 4, 3],
        forward: "self.layer.flatten_parameters()\nreturn self.layer(x)[0][:, -1]", training: false),
      ValueCase(
        "nn.GRU(3, 5, 2)", on: [4, 2, 3], forward: "self.layer(x, torch.ones(2, 2, 5) * 0.3)"),
      ValueCase(
        "nn.LSTM(3, 5, proj_size=2)", on: [4, 2, 3],
        forward: "y, s = self.layer(x, (torch.ones(1, 2, 2), torch.zeros(1, 2, 5) - 1))\nreturn y, s[0], s[1]"
      ),
      ValueCase(
        "nn.ModuleList([nn.RNNCell(3, 3), nn.GRUCell(3, 3, bias=False), nn.RNNCell(3, 3, nonlinearity='relu')])",
        on: [2, 3], forward: "self.layer[2](self.layer[1](x, self.layer[0](x)))"),
      ValueCase(
        "nn.LSTMCell(3, 4)", on: [5, 2, 3],
        forward: "s = None\nfor t in range(5):\n    s = self.layer(x[t], s)\nreturn s"),
      ValueCase("nn.GRUCell(3, 4)", on: [3], since: [2, 0]),
      ValueCase(
        "nn.Sequential()", on: [2, 3], forward: "x",
        setup: """
          def fails(kind, function, text):
              try:
                  function()
              except kind as error:
                  return text in str(error)
              return False
          assert fails(ValueError, lambda: nn.GRU(3, 5, proj_size=2), 'proj_size argument is only supported for LSTM')
          assert fails(ValueError, lambda: nn.LSTM(3, 5, proj_size=5), 'proj_size has to be smaller than hidden_size')
          assert fails(ValueError, lambda: nn.RNN(3, 5, nonlinearity='gelu'), "Unknown nonlinearity 'gelu'")
          assert fails(ValueError, lambda: nn.LSTM(3, 5, dropout=2), 'dropout should be a number in range [0, 1]')
          assert fails(RuntimeError, lambda: nn.LSTM(3, 5)(torch.zeros(2, 2, 4)), 'input.size(-1) must be equal to input_size. Expected 3, got 4')
          assert fails(RuntimeError, lambda: nn.LSTM(3, 5)(torch.zeros(2, 2, 3), (torch.zeros(1, 3, 5), torch.zeros(1, 3, 5))), 'Expected hidden[0] size (1, 2, 5), got [1, 3, 5]')
          assert fails(AssertionError, lambda: nn.MultiheadAttention(6, 4), 'embed_dim must be divisible by num_heads')
          """, training: false),
    ]

  static let attention = [
    ValueCase("nn.MultiheadAttention(6, 2)", on: [4, 3, 6], forward: "self.layer(x, x, x)"),
    ValueCase(
      "nn.MultiheadAttention(6, 3, batch_first=True, bias=False)", on: [2, 4, 6],
      forward: "self.layer(x, x, x, average_attn_weights=False)"),
    ValueCase(
      "nn.MultiheadAttention(6, 2, add_bias_kv=True, add_zero_attn=True)", on: [4, 3, 6],
      forward: "self.layer(x[:2], x, x)"),
    ValueCase(
      "nn.MultiheadAttention(6, 2, kdim=4, vdim=3, batch_first=True)", on: [2, 4, 6],
      forward: "self.layer(x, x[..., :4], x[..., 3:], need_weights=False)[0]"),
    ValueCase("nn.MultiheadAttention(6, 2, batch_first=True)", on: [4, 6], forward: "self.layer(x, x, x)"),
    ValueCase(
      "nn.MultiheadAttention(6, 2, dropout=0.3)", on: [4, 3, 6],
      forward:
        "m = torch.arange(4)[None] > torch.arange(4)[:, None]\nreturn self.layer(x, x, x, attn_mask=m)",
      training: false),
    ValueCase(
      "nn.MultiheadAttention(6, 2, batch_first=True, add_zero_attn=True)", on: [2, 4, 6],
      forward: """
        m = torch.tensor([[False, False, True, True], [False, True, False, False]])
        f = torch.full((4, 4), 0.5)
        return self.layer(x, x, x, key_padding_mask=m, attn_mask=f)
        """, since: [2, 0]),
    ValueCase(
      "nn.MultiheadAttention(6, 2, batch_first=True)", on: [2, 4, 6],
      forward: """
        m = nn.Transformer.generate_square_subsequent_mask(4)
        return self.layer(x, x * 2, x * 2, attn_mask=m, is_causal=True, need_weights=False)[0]
        """, since: [2, 0]),
    ValueCase(
      "nn.MultiheadAttention(6, 2)", on: [4, 2, 6],
      forward: "m = torch.arange(64.0).reshape(4, 4, 4) / 30\nreturn self.layer(x, x, x, attn_mask=m)"),
    ValueCase(
      "nn.MultiheadAttention(6, 2)", on: [4, 2, 6],
      forward: """
        l = self.layer
        return F.multi_head_attention_forward(
            x, x, x, 6, 2, l.in_proj_weight, l.in_proj_bias, None, None, False, 0.0, l.out_proj.weight,
            l.out_proj.bias, training=self.training)
        """),
    ValueCase(
      nil, on: [2, 3, 4, 5], forward: "F.scaled_dot_product_attention(x, x * 2, x + 1)", since: [2, 0]),
    ValueCase(
      nil, on: [2, 3, 4, 5], forward: "F.scaled_dot_product_attention(x, x, x, is_causal=True, scale=0.3)",
      since: [2, 1]),
    ValueCase(
      nil, on: [2, 3, 4, 5],
      forward:
        "F.scaled_dot_product_attention(x, x, x, attn_mask=torch.arange(4) <= torch.arange(4)[:, None])",
      since: [2, 0]),
    ValueCase(
      nil, on: [2, 3, 4, 5],
      forward: "F.scaled_dot_product_attention(x, x, x, attn_mask=x[..., :4] > -5)", since: [2, 0]),
    // Queries from which all keys are hidden.
    ValueCase(
      nil, on: [2, 3, 4, 5],
      forward: """
        m = torch.arange(4) < torch.tensor([[2], [0], [3], [4]])
        return F.scaled_dot_product_attention(x, x, x, attn_mask=m)
        """,
      since: [2, 5]),
    ValueCase(
      nil, on: [2, 3, 4, 5],
      forward: "F.scaled_dot_product_attention(x, x, x, attn_mask=x[..., :4] > x[..., 4:] + 0.5)",
      since: [2, 5]),
    ValueCase(
      "nn.MultiheadAttention(6, 2, batch_first=True)", on: [2, 4, 6],
      forward: """
        m = torch.tensor([[False, False, True, True], [True, True, True, True]])
        return self.layer(x, x, x, key_padding_mask=m, need_weights=False)[0]
        """, since: [2, 5]),
    ValueCase(
      nil, on: [2, 4, 3, 5],
      forward:
        "F.scaled_dot_product_attention(x, x[:, :2], x[:, 2:], attn_mask=torch.ones(3, 3) * 0.1, enable_gqa=True)",
      since: [2, 5]),
  ]

  static let transformers = [
    ValueCase("nn.TransformerEncoderLayer(6, 2, 8, dropout=0.0)", on: [4, 2, 6]),
    ValueCase(
      "nn.TransformerEncoderLayer(6, 2, 8, activation='gelu', batch_first=True, norm_first=True)",
      on: [2, 4, 6],
      training: false),
    ValueCase(
      "nn.TransformerEncoderLayer(6, 2, 8, 0.0, nn.GELU(), batch_first=True)", on: [2, 4, 6],
      forward: "self.layer(x, src_mask=nn.Transformer.generate_square_subsequent_mask(4))", since: [2, 0]),
    ValueCase(
      "nn.TransformerEncoderLayer(6, 2, 8, dropout=0.0, bias=False, activation=torch.tanh)", on: [4, 2, 6],
      since: [2, 1]),
    ValueCase(
      "nn.TransformerEncoder(nn.TransformerEncoderLayer(6, 2, 8, 0.0, batch_first=True), 3, nn.LayerNorm(6))",
      on: [2, 4, 6]),
    ValueCase(
      "nn.TransformerEncoder(nn.TransformerEncoderLayer(6, 2, 8, batch_first=True), num_layers=2)",
      on: [2, 4, 6],
      forward:
        "self.layer(x, src_key_padding_mask=torch.tensor([[False, False, True, True], [False, False, False, True]]))",
      training: false),
    ValueCase(
      "nn.TransformerDecoderLayer(6, 2, 8, dropout=0.0)", on: [4, 2, 6], forward: "self.layer(x, x * 2)"),
    ValueCase(
      "nn.TransformerDecoder(nn.TransformerDecoderLayer(6, 3, 8, 0.0, norm_first=True, batch_first=True), 2)",
      on: [2, 4, 6],
      forward: """
        m = nn.Transformer.generate_square_subsequent_mask(3)
        return self.layer(x[:, :3], x, tgt_mask=m)
        """),
    ValueCase(
      "nn.Transformer(6, 2, 2, 1, 8, 0.0, batch_first=True)", on: [2, 4, 6],
      forward: "self.layer(x, x[:, :2], tgt_mask=self.layer.generate_square_subsequent_mask(2))"),
    ValueCase(
      "Custom(6, 2, 8, dropout=0.0)", on: [4, 2, 6],
      definitions: """
        class Custom(nn.TransformerEncoderLayer):
            def _ff_block(self, x):
                return x * 3

            def forward(self, src):
                x = self.norm1(src + self._sa_block(src, None, None))
                return self.norm2(x + self._ff_block(x))
        """),
  ]

  @Test func recurrentLayersAgree() throws { try ValueComparison.check(Self.recurrent) }

  @Test func attentionAgrees() throws { try ValueComparison.check(Self.attention) }

  @Test func transformersAgree() throws { try ValueComparison.check(Self.transformers) }
}
