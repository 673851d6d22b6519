"""Prints pyribs.json, made once with pyribs 0.12.0 (PyPI: ribs==0.12.0) and numpy 2.4.6:

    python make-pyribs.py > pyribs.json

Three grids; per grid: measures (random, on borders, beyond the range), objectives with ties, the status, value and
cell that add_single reports one by one, and the elites and statistics at the end. Then cells of
a Voronoi tessellation with given centroids. Then centroids of a k-means written here in numpy after the
definition (k-means++, Lloyd), with the random stream of the Swift module rebuilt in Python."""
import json, sys
import numpy as np
from ribs.archives import GridArchive
rng = np.random.default_rng(20240607)
cases = []
for dims, ranges, offset in (([8, 5], [(0, 1), (-2, 3)], -10.0), ([7], [(0, 200)], 0.0), ([3, 4, 2], [(-1, 1), (0, 10), (5, 6)], -2.5)):
    lo = np.array([r[0] for r in ranges], float); hi = np.array([r[1] for r in ranges], float)
    a = GridArchive(solution_dim=1, dims=dims, ranges=ranges, qd_score_offset=offset)
    n = 60
    m = lo + (hi - lo) * rng.uniform(-0.1, 1.1, (n, len(dims)))
    steps = np.array([rng.integers(0, d + 1, 40) for d in dims]).T
    m = np.vstack([np.round(m, 4), lo + (hi - lo) * steps / np.array(dims)])
    o = np.round(rng.uniform(-3, 3, len(m)), 1)
    order = rng.permutation(len(m)); m, o = m[order], o[order]
    st, va, ce = [], [], []
    for i in range(len(m)):
        info = a.add_single([i], o[i], m[i])
        st.append(int(info["status"])); va.append(float(info["value"])); ce.append(int(a.index_of_single(m[i])))
    d = a.data(); k = np.argsort(d["index"]); s = a.stats
    cases.append(dict(dimensions=dims, lower=lo.tolist(), upper=hi.tolist(), offset=offset, measures=m.tolist(), objectives=o.tolist(),
        statuses=st, values=va, cells=ce, eliteCells=d["index"][k].tolist(), eliteSolutions=[int(x) for x in d["solution"][k, 0]],
        statistics=dict(elites=int(s.num_elites), coverage=float(s.coverage), qdScore=float(s.qd_score), normalizedQDScore=float(s.norm_qd_score), best=float(s.obj_max), mean=float(s.obj_mean))))
from ribs.archives import CVTArchive
c = np.round(rng.uniform(size=(25, 2)), 3); q = np.round(rng.uniform(size=(120, 2)), 4)
v = CVTArchive(solution_dim=1, centroids=c, ranges=[(0, 1), (0, 1)])
cvt = dict(centroids=c.tolist(), measures=q.tolist(), cells=[int(x) for x in v.index_of(q)])

# --- k-means ---
M = (1 << 64) - 1
def mixed(z):
    z = ((z ^ (z >> 30)) * 0xBF58476D1CE4E5B9) & M
    z = ((z ^ (z >> 27)) * 0x94D049BB133111EB) & M
    return z ^ (z >> 31)
class Stream:
    def __init__(self, key): self.key, self.position = key, 0
    def stream(self, name):
        h = 0xCBF29CE484222325
        text = name.encode()
        for b in self.key.to_bytes(8, "little") + text + len(text).to_bytes(8, "little"): h = ((h ^ b) * 0x100000001B3) & M
        h = ((h ^ (h >> 33)) * 0xFF51AFD7ED558CCD) & M
        h = ((h ^ (h >> 33)) * 0xC4CEB9FE1A85EC53) & M
        return Stream(mixed(h ^ (h >> 33)))
    def next(self):
        self.position += 1
        return mixed((self.key + self.position * 0x9E3779B97F4A7C15) & M)
    def uniform(self): return (self.next() >> 11) * 2.0**-53
    def below(self, n):  # Lemire; n is far too small here for a rejection
        return (self.next() * n) >> 64
def k_means(seed, cells, samples, d):
    root = Stream(mixed(seed ^ 0x6A09E667F3BCC909)).stream("centroidal Voronoi tessellation")
    points, choices = root.stream("samples"), root.stream("seeds")
    x = np.array([[points.uniform() for _ in range(d)] for _ in range(samples)])
    c = x[[choices.below(samples)]]
    while len(c) < cells:
        w = ((x[:, None] - c[None]) ** 2).sum(2).min(1)
        c = np.vstack([c, x[np.searchsorted(np.cumsum(w), choices.uniform() * w.sum(), side="right")]])
    for _ in range(100):
        owner = ((x[:, None] - c[None]) ** 2).sum(2).argmin(1)
        new = np.array([x[owner == k].mean(0) if (owner == k).any() else c[k] for k in range(cells)])
        moved = ((new - c) ** 2).sum()
        c = new
        if moved <= 1e-4 / 12: break
    return dict(seed=seed, samples=samples, axes=d, centroids=c.tolist())
means = [k_means(7, 6, 80, 2), k_means(1, 9, 300, 3), k_means(2**64 - 1, 4, 40, 1)]
json.dump(dict(madeWith="ribs 0.12.0, numpy " + np.__version__, grids=cases, cvt=cvt, kMeans=means), sys.stdout, separators=(",", ":"))
