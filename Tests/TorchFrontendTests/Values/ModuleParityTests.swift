import Testing

/// `nn.Module` and the containers: the same assertions hold in PyTorch and here, and names and numbers agree.
@Suite struct ModuleParityTests {
  /// A class that makes assertions in its constructor.
  static func asserting(_ statements: String, definitions: String = "", since: [Int] = [1, 13]) -> ValueCase {
    ValueCase(
      nil, on: [2, 4], forward: "x * 1", setup: statements, definitions: helper + definitions,
      training: false,
      since: since)
  }

  static let helper = """
    import copy
    from collections import OrderedDict

    def fails(kind, function, text=''):
        try:
            function()
        except kind as error:
            return text in str(error)
        return False

    class Block(nn.Module):
        def __init__(self, n=4):
            super().__init__()
            self.fc = nn.Linear(n, n)
            self.register_buffer('scale', torch.ones(n))
            self.register_buffer('hidden', torch.zeros(n), persistent=False)

        def forward(self, x):
            return self.fc(x) * self.scale

    """

  static let registration = [
    asserting(
      """
      self.a = nn.Linear(4, 2)
      self.b = nn.Parameter(torch.zeros(3))
      self.c = None
      self.register_parameter('d', None)
      self.a = nn.Linear(4, 3)
      self.b = nn.Parameter(torch.ones(2))
      self.register_buffer('e', torch.arange(4.0))
      assert self.d is None and self.c is None
      assert [n for n, _ in self.named_parameters()] == ['b', 'a.weight', 'a.bias']
      assert list(self._parameters) == ['b', 'd'] and list(self._modules) == ['a']
      assert fails(TypeError, lambda: setattr(self, 'b', torch.ones(2)), "cannot assign 'torch.FloatTensor' as parameter 'b'")
      assert fails(TypeError, lambda: setattr(self, 'a', 3), "cannot assign 'int' as child module 'a'")
      assert fails(TypeError, lambda: setattr(self, 'e', 3), "cannot assign 'int' as buffer 'e'")
      assert fails(KeyError, lambda: self.register_buffer('a', torch.ones(2)), "attribute 'a' already exists")
      assert fails(KeyError, lambda: self.register_buffer('x.y', None), 'buffer name can')
      assert fails(KeyError, lambda: self.add_module('', nn.ReLU()), 'module name can')
      assert fails(TypeError, lambda: self.add_module('z', 3), 'int is not a Module subclass')
      assert fails(TypeError, lambda: self.register_parameter('q', torch.ones(2)), 'torch.nn.Parameter or None required')
      self.b = None
      assert self.b is None and 'b' in self._parameters
      del self.b
      assert not hasattr(self, 'b')
      assert fails(AttributeError, lambda: self.b, "has no attribute 'b'")
      self.a = None
      assert self.a is None and list(self.children()) == []
      del self.a
      self.a = 3
      assert self.a == 3
      """),
    asserting(
      """
      class Late(nn.Module):
          def __init__(self):
              self.fc = nn.Linear(2, 2)
      assert fails(AttributeError, Late, 'cannot assign module before Module.__init__() call')
      class Class(nn.Module):
          bias = 3
          def __init__(self):
              nn.Module.__init__(self)
      c = Class()
      assert fails(KeyError, lambda: setattr(c, 'bias', nn.Parameter(torch.ones(1))), "attribute 'bias' already exists")
      b = Block()
      nn.Module.__init__(b)
      assert list(b.parameters()) == []
      assert fails(TypeError, lambda: nn.Module(3), 'takes 1 positional argument but 2 were given')
      b.__setattr__('w', nn.Parameter(torch.ones(2)))
      super(Block, b).__setattr__('v', nn.Parameter(torch.ones(2)))
      assert list(b._parameters.keys()) == ['w', 'v']
      b.__delattr__('w')
      b._parameters['u'] = nn.Parameter(torch.zeros(3))
      assert b.u.shape == (3,) and len(list(b.parameters())) == 2
      b._modules['act'] = nn.ReLU()
      assert isinstance(b.act, nn.ReLU)
      b._modules.pop('act')
      assert not hasattr(b, 'act')
      """),
    asserting(
      """
      self.first = Block()
      self.second = Block()
      self.alias = self.first
      self.tied = nn.Linear(4, 4)
      self.tied.weight = self.first.fc.weight
      names = ['first.fc.weight', 'first.fc.bias', 'second.fc.weight', 'second.fc.bias', 'tied.bias']
      assert [n for n, _ in self.named_parameters()] == names
      assert [n for n, _ in self.named_parameters(recurse=False)] == []
      assert [n for n, _ in self.named_parameters(prefix='net')][0] == 'net.first.fc.weight'
      assert list(self.state_dict()) == ['first.scale', 'first.fc.weight', 'first.fc.bias', 'second.scale', 'second.fc.weight', 'second.fc.bias', 'alias.scale', 'alias.fc.weight', 'alias.fc.bias', 'tied.weight', 'tied.bias']
      assert [n for n, _ in self.named_modules()] == ['', 'first', 'first.fc', 'second', 'second.fc', 'tied']
      assert [n for n, _ in self.named_modules(remove_duplicate=False)] == ['', 'first', 'first.fc', 'second', 'second.fc', 'alias', 'alias.fc', 'tied']
      assert [n for n, _ in self.named_children()] == ['first', 'second', 'tied']
      assert len(list(self.children())) == 3 and len(list(self.modules())) == 6
      assert [n for n, _ in self.named_buffers()] == ['first.scale', 'first.hidden', 'second.scale', 'second.hidden']
      assert len(list(self.buffers(recurse=False))) == 0
      assert self.get_submodule('first.fc') is self.first.fc and self.get_submodule('') is self
      assert self.get_parameter('second.fc.bias') is self.second.fc.bias
      assert self.get_buffer('first.hidden') is self.first.hidden
      assert fails(AttributeError, lambda: self.get_submodule('first.nope'), 'Block has no attribute `nope`')
      assert fails(AttributeError, lambda: self.get_parameter('first.fc'), '`fc` is not an nn.Parameter')
      assert sum(p.numel() for p in self.parameters()) == 44
      """),
    asserting(
      """
      self.fc = Block()
      self.fc.requires_grad_(False)
      self.fc.fc.bias.requires_grad = True
      assert not self.fc.fc.weight.requires_grad and self.fc.fc.bias.requires_grad
      assert self.to('cpu') is self and self.float() is self and self.cpu() is self
      order = []
      self.apply(lambda m: order.append(type(m).__name__))
      assert order == ['Linear', 'Block', 'Net']
      self.eval()
      assert not self.training and not self.fc.fc.training
      assert self.train() is self and self.fc.fc.training
      self.zero_grad()
      assert self._get_name() == 'Net'
      """),
    asserting(
      """
      class Frozen(nn.Module):
          def train(self, mode=True):
              super().train(False)
              return self
      self.inner = nn.Sequential(Frozen(), nn.ReLU())
      self.train()
      assert self.inner.training and not self.inner[0].training and self.inner[1].training
      """),
    asserting(
      """
      a, b = Block(), Block()
      result = b.load_state_dict(a.state_dict())
      assert list(result.missing_keys) == [] and result.unexpected_keys == []
      state = a.state_dict()
      del state['fc.bias']
      state['more'] = torch.ones(1)
      assert fails(RuntimeError, lambda: b.load_state_dict(state), 'Missing key(s) in state_dict: "fc.bias". ')
      assert fails(RuntimeError, lambda: b.load_state_dict(state), 'Unexpected key(s) in state_dict: "more". ')
      assert b.load_state_dict(state, strict=False).missing_keys == ['fc.bias']
      assert fails(RuntimeError, lambda: b.load_state_dict(Block(3).state_dict()), 'size mismatch for fc.weight: copying a param with shape torch.Size([3, 3]) from checkpoint, the shape in current model is torch.Size([4, 4]).')
      assert fails(TypeError, lambda: b.load_state_dict(3), 'Expected state_dict to be dict-like')
      """),
    asserting(
      """
      self.scale = nn.Buffer(torch.ones(4))
      self.other = nn.Buffer(torch.ones(4), persistent=False)
      self.set_submodule('act', nn.ReLU())
      assert list(self.state_dict()) == ['scale'] and len(list(self.buffers())) == 2
      """, since: [2, 5]),
  ]

  static let containers = [
    asserting(
      """
      s = nn.Sequential(nn.Linear(4, 3), nn.ReLU(), nn.Linear(3, 2))
      assert len(s) == 3 and isinstance(s[-1], nn.Linear) and isinstance(s[1], nn.ReLU)
      assert [n for n, _ in s[1:].named_children()] == ['1', '2'] and isinstance(s[:2], nn.Sequential)
      s.append(nn.Tanh()).extend([nn.ReLU(), nn.ReLU()])
      assert [type(m).__name__ for m in s] == ['Linear', 'ReLU', 'Linear', 'Tanh', 'ReLU', 'ReLU']
      s.insert(1, nn.Sigmoid())
      s.insert(-1, nn.GELU())
      assert [type(m).__name__ for m in s] == ['Linear', 'Sigmoid', 'ReLU', 'Linear', 'Tanh', 'ReLU', 'GELU', 'ReLU']
      del s[1]
      del s[-3:]
      assert [n for n, _ in s.named_children()] == ['0', '1', '2', '3']
      s[3] = nn.Hardswish()
      assert isinstance(s.pop(3), nn.Hardswish) and len(s) == 3
      t = s + nn.Sequential(nn.ReLU())
      assert len(t) == 4 and len(t * 2) == 8 and len(2 * s) == 6
      t *= 2
      assert len(t) == 8
      t += nn.Sequential(nn.Tanh())
      assert len(t) == 9
      assert fails(ValueError, lambda: s + [nn.ReLU()], 'add operator supports only objects of Sequential class')
      assert fails(IndexError, lambda: s[7]) and fails(TypeError, lambda: nn.Sequential(3), 'int is not a Module subclass')
      assert fails(TypeError, lambda: nn.Sequential({'a': nn.ReLU()}))
      o = nn.Sequential(OrderedDict([('conv', nn.Linear(1, 1)), ('act', nn.ReLU())]))
      assert list(dict(o.named_children())) == ['conv', 'act'] and o.act is o[1]
      o.append(nn.ReLU())
      assert [n for n, _ in o.named_children()] == ['conv', 'act', '2']
      assert [n for n, _ in o[:2].named_children()] == ['conv', 'act']
      """, since: [2, 0]),
    asserting(
      """
      m = nn.ModuleList([nn.Linear(2, 2) for _ in range(3)])
      m.append(nn.ReLU())
      m.extend([nn.Tanh()])
      m += [nn.Sigmoid()]
      m.insert(1, nn.GELU())
      assert [type(x).__name__ for x in m] == ['Linear', 'GELU', 'Linear', 'Linear', 'ReLU', 'Tanh', 'Sigmoid']
      assert [n for n, _ in m[2:4].named_children()] == ['0', '1'] and isinstance(m[::2], nn.ModuleList)
      m[1] = nn.Identity()
      assert type(m[1]) is nn.Identity and len(m + [nn.ReLU()]) == 8
      del m[0]
      assert isinstance(m.pop(0), nn.Identity) and len(m) == 5 and [n for n, _ in m.named_children()][0] == '0'
      assert m[0] in m and nn.ReLU() not in m
      assert fails(NotImplementedError, lambda: m(1), 'missing the required "forward" function')
      class Stages(nn.ModuleList):
          def forward(self, x):
              return x
      assert isinstance(Stages([nn.ReLU(), nn.ReLU()])[:1], Stages)
      """),
    asserting(
      """
      d = nn.ModuleDict({'a': nn.ReLU(), 'b': nn.Linear(2, 2)})
      d['c'] = nn.Tanh()
      d.update([('d', nn.GELU())])
      d.update(nn.ModuleDict(OrderedDict(e=nn.SiLU())))
      assert list(d.keys()) == ['a', 'b', 'c', 'd', 'e'] and 'c' in d and len(d) == 5
      assert [k for k in d] == list(d) and isinstance(d.pop('c'), nn.Tanh) and 'c' not in d
      del d['e']
      assert [type(v).__name__ for v in d.values()] == ['ReLU', 'Linear', 'GELU']
      assert [k for k, v in d.items() if isinstance(v, nn.Linear)] == ['b']
      assert fails(KeyError, lambda: d['nope'], 'nope') and fails(KeyError, lambda: d.update({'a.b': nn.ReLU()}))
      d.clear()
      assert len(d) == 0
      """),
    asserting(
      """
      p = nn.ParameterList([nn.Parameter(torch.zeros(2)), torch.ones(3)])
      p.append(nn.Parameter(torch.zeros(4)))
      p.extend([torch.ones(1)])
      p += [torch.zeros(5)]
      assert len(p) == 5 and isinstance(p[1], nn.Parameter) and [t.numel() for t in p] == [2, 3, 4, 1, 5]
      assert [n for n, _ in p.named_parameters()] == ['0', '1', '2', '3', '4']
      p[0] = torch.zeros(7)
      assert p[-5].shape == (7,) and isinstance(p[1:3], nn.ParameterList) and len(p[1:3]) == 2
      q = nn.ParameterDict({'right': torch.zeros(2), 'left': nn.Parameter(torch.ones(3))})
      assert list(q.keys()) == ['left', 'right']
      q['new'] = torch.ones(4)
      q.update(OrderedDict(z=torch.ones(1), y=torch.ones(1)))
      assert list(q) == ['left', 'right', 'new', 'z', 'y'] and 'z' in q and q.get('none') is None
      assert q.pop('z').shape == (1,) and len(q) == 4 and q.left is q['left']
      del q['left']
      assert [n for n, _ in q.named_parameters()] == ['right', 'new', 'y']
      assert [tuple(v.shape) for k, v in q.items()] == [(2,), (4,), (1,)]
      """),
  ]

  static let networks = [
    ValueCase(
      "Frozen()", on: [8, 4],
      definitions: """
        class Frozen(nn.Module):
            def __init__(self):
                super().__init__()
                self.norm = nn.BatchNorm1d(4)
                self.fc = nn.Linear(4, 4)

            def train(self, mode=True):
                super().train(mode)
                self.norm.eval()
                return self

            def forward(self, x):
                return self.norm(self.fc(x))
        """),
    ValueCase(
      "nn.Sequential(nn.Linear(4, 3), nn.Tanh())", on: [2, 4], forward: "self.layer(x) + self.seen['out']",
      setup: """
        self.seen = {}
        self.layer[0].register_forward_hook(lambda m, args, out: self.seen.update(out=out))
        handle = self.layer[1].register_forward_hook(lambda m, args, out: out + 100)
        handle.remove()
        self.layer.register_forward_hook(lambda m, args, out: out * 2)
        self.layer.register_forward_pre_hook(lambda m, args: (args[0] + 1,))
        """),
    ValueCase(
      "nn.ModuleDict({'b': nn.Linear(4, 4), 'a': nn.Linear(4, 4)})", on: [2, 4],
      forward: "self.layer['a'](self.layer['b'](x))", setup: "self.layer['a'].bias = self.layer['b'].bias"),
    ValueCase(
      "nn.DataParallel(nn.Linear(4, 2))", on: [2, 4], setup: "assert isinstance(self.layer.module, nn.Linear)"
    ),
    ValueCase(
      "nn.ParameterList([torch.randn(4, 4) for _ in range(2)])", on: [2, 4],
      forward: "x @ self.layer[0] @ self.layer[1] * self.more['w']",
      setup: "self.more = nn.ParameterDict({'w': torch.ones(4)})"),
    ValueCase(
      "nn.Linear(4, 4)", on: [2, 4], forward: "x",
      setup: """
        import copy
        self.twin = copy.deepcopy(self.layer)
        self.forward = lambda x: self.twin(self.layer(x))
        """),
  ]

  @Test func assertionsHoldInBoth() throws { try ValueComparison.check(Self.registration + Self.containers) }

  @Test func numbersAreThoseOfPyTorch() throws { try ValueComparison.check(Self.networks) }
}
