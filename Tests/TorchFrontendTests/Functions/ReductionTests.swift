import Testing

/// Reductions, statistics, norms and products of matrices.
@Suite struct ReductionTests {
  static let groups = [
    FunctionGroup(
      ["x": [2, 3, 4], "v": [5], "m": [3, 4], "s": []],
      [
        "x.sum()", "torch.sum(x)", "x.sum(1)", "x.sum((0, 2))", "torch.sum(x, dim=-1, keepdim=True)",
        "x.sum(dim=[1, 2])",
        "x.sum(axis=1)", "x.mean()", "x.mean(1, keepdim=True)", "torch.mean(x, dim=(1, 2))", "x.mean([2])",
        "x.mean((-2, -1))",
        "torch.arange(6).sum()", "torch.arange(6).float().mean()",
        "x.sum(dtype=torch.float32)",
        "torch.arange(6).sum(dtype=torch.float32)", "torch.arange(6).view(2, 3).mean(1, dtype=torch.float32)",
        "s.sum()",
        "x.amax()", "torch.amax(x, 1)", "x.amax(dim=(0, 2), keepdim=True)", "x.amin(-1)",
        "torch.amin(x, (1, 2))", "x.max()",
        "x.min()", "torch.max(x)", "x.max(1)[0]", "x.max(dim=1, keepdim=True).values", "torch.min(x, -1)[0]",
        "x.max(-1, True)[0]", "torch.aminmax(torch.eye(2))", "torch.eye(3).aminmax(dim=1).min",
        "torch.logsumexp(x, 1)",
        "x.logsumexp((0, 2), True)",
        "torch.logsumexp(x / 0, -1)", "torch.logsumexp(m, dim=(0, 1))", "torch.nansum(x, 1)",
        "torch.nanmean(x, dim=1)",
        "x.var()", "x.var(1)", "x.var(dim=1, unbiased=False)", "torch.var(x, (1, 2), keepdim=True)",
        "x.std()", "x.std(0)",
        "torch.std(x, dim=-1, unbiased=False, keepdim=True)", "x.var(False)", "torch.var_mean(x, 1)",
        "torch.std_mean(x, dim=(1, 2), unbiased=False)",
        "torch.var_mean(x, [0, 2], unbiased=False, keepdim=True)",
        "x.var(dim=1, correction=0)", "torch.std(x, dim=1, correction=2)", "x.norm()", "x.norm(2, 1)",
        "x.norm(p=1, dim=-1)",
        "torch.norm(x, dim=1, keepdim=True)", "torch.norm(x, p=float('inf'))", "x.norm(p=3, dim=2)",
        "torch.norm(x, 0.5, dim=2)",
        "torch.norm(x, p='fro', dim=(1, 2))", "torch.norm(x - x, dim=1)", "torch.linalg.norm(x)",
        "torch.linalg.norm(m, 1)",
        "torch.linalg.norm(m, float('inf'), keepdim=True)", "torch.linalg.norm(x, dim=1)",
        "torch.linalg.norm(x, ord=3, dim=2)",
        "torch.linalg.norm(m, 'fro')", "torch.linalg.norm(v, 4)", "torch.linalg.vector_norm(x)",
        "torch.linalg.vector_norm(x, 0, 1)",
        "torch.linalg.vector_norm(x, ord=-float('inf'), dim=(0, 1), keepdim=True)",
        "torch.linalg.matrix_norm(x)",
        "torch.linalg.matrix_norm(x, 1)", "torch.linalg.matrix_norm(x, -float('inf'), keepdim=True)",
        "torch.diff(x)",
        "x.diff(dim=0)", "torch.diff(v, n=2)", "torch.diff(m, 1, 0, prepend=m[:1])",
        "torch.cumsum(torch.arange(4), 0)",
        // Products.
        "torch.mm(m, m.t())", "m.mm(m.T)", "torch.bmm(x, x.mT)", "x.bmm(x.transpose(1, 2))",
        "torch.matmul(x, m.t())",
        "x @ m.t()", "m @ v[:4]", "v @ v", "torch.dot(v, v)", "v.dot(v)", "torch.vdot(v, v)",
        "torch.mv(m, v[:4])",
        "torch.inner(m, m)", "torch.inner(x, v[:4])", "torch.inner(v, s)", "torch.outer(v, v)",
        "torch.ger(v, m[0])",
        "torch.kron(m, x[0, :2])", "torch.kron(v, m)", "torch.cross(m[:, :3], m[:, 1:], dim=1)",
        "torch.cross(m, m * m)",
        "torch.linalg.cross(m[:, :3], m[:, 1:])", "torch.addmm(m[:, :3], m, m.t())",
        "torch.addmm(s, m, m.t(), beta=0.5, alpha=2)",
        "m[:, :3].addmm(m, m.t(), beta=0)", "torch.addmv(v[:3], m, v[:4], alpha=3)",
        "torch.addr(m[:3, :3], v[:3], v[2:])",
        "torch.baddbmm(s, x, x.mT, beta=2)", "torch.baddbmm(x[:, :, :3], x, x.mT, beta=1, alpha=0.5)",
        "torch.addbmm(m[:, :3], x, x.mT)", "torch.chain_matmul(m, m.t(), m)",
        "torch.linalg.multi_dot([m, m.t(), v[:3]])",
        "torch.matrix_power(m[:, :3], 3)",
        // Errors.
        "x.sum(3)", "x.sum((1, 1))", "torch.arange(3).mean()", "torch.arange(3).var()", "torch.mm(x, m)",
        "torch.mm(m, m)",
        "torch.bmm(m, m)", "torch.dot(v, m)", "torch.outer(m, v)", "torch.matmul(s, m)",
        "torch.cross(x, x, dim=2)",
        "torch.norm(torch.arange(3))", "torch.linalg.norm(x, 1)", "torch.inner(m, v)",
        "torch.baddbmm(x, x, x)", "m @ v",
      ])
  ]

  @Test func numbersAreThoseOfPyTorch() throws { try FunctionComparison.check(Self.groups) }
}
