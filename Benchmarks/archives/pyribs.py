"""Times pyribs in the cases of ArchiveBenchmark.swift: seconds of processor time for one addition, as JSON."""
import json, time
import numpy as np
from ribs import archives

rng = np.random.default_rng(1)
solutions, objectives = rng.normal(size=(10_000, 10)), rng.normal(size=10_000)
measures = rng.uniform(-1, 1, (10_000, 2))
categories = rng.integers(0, 64, (10_000, 2))
common = {"solution_dim": 10}
flat = {**common, "ranges": [(-1, 1)] * 2}
figures = {}

def least(rounds, per, make, run):
    best = float("inf")
    for _ in range(rounds):
        state = make()
        start = time.process_time()
        run(state)
        best = min(best, time.process_time() - start)
    return best / per

def batched(name, make, size, rounds, count=10_000, places=measures):
    def run(archive):
        for start in range(0, count, size):
            rows = slice(start, min(count, start + size))
            archive.add(solutions[rows], objectives[rows], places[rows])
    run(make())  # compiles what numba compiles
    figures[name] = least(rounds, count, make, run)

def single(archive):
    for row in range(1000): archive.add_single(solutions[row], objectives[row], measures[row])

grid = lambda **more: archives.GridArchive(dims=[64, 64], **flat, **more)
batched("grid 64×64, batches of 10,000", grid, 10_000, 50)
def grid_filled():
    archive = grid()
    archive.add(rng.normal(size=(10_000, 10)), rng.normal(size=10_000), rng.uniform(-1, 1, (10_000, 2)))
    return archive
batched("grid 64×64, filled, batches of 10,000", grid_filled, 10_000, 50)
batched("grid 64×64, batches of 36", grid, 36, 5)
figures["grid 64×64, single"] = least(3, 1000, grid, single)
batched("grid 64×64, thresholds, batches of 10,000", lambda: grid(learning_rate=0.01, threshold_min=-1), 10_000, 50)
named = [list(range(64)), list(range(64))]
batched("categories 64×64, batches of 10,000", lambda: archives.CategoricalArchive(categories=named, **common),
        10_000, 20, places=categories)
centroids = archives.CVTArchive(centroids=1000, samples=20_000, seed=3, **flat).centroids
batched("CVT 1,000, batches of 10,000", lambda: archives.CVTArchive(centroids=centroids, **flat), 10_000, 20)
figures["CVT 1,000 of 100,000 samples, construction"] = least(
    1, 1, lambda: None, lambda _: archives.CVTArchive(centroids=1000, samples=100_000, seed=4, **flat))
batched("sliding 10×20, batches of 10,000", lambda: archives.SlidingBoundariesArchive(dims=[10, 20], **flat), 1000, 1,
        count=1000)
batched("proximity of 15, batches of 100", lambda: archives.ProximityArchive(
    measure_dim=2, k_neighbors=15, novelty_threshold=0.01 , **common), 100, 2)
batched("dominated novelty of 15, 1,000 kept, batches of 100", lambda: archives.DNSArchive(
    measure_dim=2, capacity=1000, k_neighbors=15, **common), 100, 1, count=3000)
filled = grid()
filled.add(solutions, objectives, measures)
figures["64 elites drawn"] = least(5, 1000, lambda: None, lambda _: [filled.sample_elites(64) for _ in range(1000)])
print(json.dumps(figures, indent=2, ensure_ascii=False))
