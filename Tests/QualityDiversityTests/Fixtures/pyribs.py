"""Adds to an archive of pyribs what is in a folder, and leaves there what became of it.

    python pyribs.py FOLDER

settings.json says which archive; objectives and measures are rows of 64-bit numbers, and a solution is its row."""
import json, sys
from pathlib import Path
import numpy as np
from ribs import archives

folder = Path(sys.argv[1])
s = json.loads((folder / "settings.json").read_text())
axes, batch = s["axes"], s["batch"]
objectives = np.fromfile(folder / "objectives")
measures = np.fromfile(folder / "measures").reshape(-1, axes)
ranges = [(0.0, 1.0)] * axes
rate = {"learning_rate": s["learningRate"], "threshold_min": s["minimum"]} if "learningRate" in s else {}
offset = {"solution_dim": 1, "qd_score_offset": s["offset"]}
kind = s["kind"]
if kind == "grid":
    a = archives.GridArchive(dims=s["dimensions"], ranges=ranges, **rate, **offset)
elif kind == "cvt":
    centroids = np.fromfile(folder / "centroids").reshape(-1, axes)
    a = archives.CVTArchive(centroids=centroids, ranges=ranges, **rate, **offset)
elif kind == "categorical":
    a = archives.CategoricalArchive(categories=[[float(c) for c in range(d)] for d in s["dimensions"]], **rate, **offset)
elif kind == "sliding":
    a = archives.SlidingBoundariesArchive(dims=s["dimensions"], ranges=ranges, remap_frequency=s["remapFrequency"],
                                          buffer_capacity=s["capacity"], **offset)
elif kind == "proximity":
    a = archives.ProximityArchive(measure_dim=axes, k_neighbors=s["neighbours"], novelty_threshold=s["novelty"],
                                  local_competition=s["localCompetition"], **offset)
elif kind == "dns":
    a = archives.DNSArchive(measure_dim=axes, capacity=s["capacity"], k_neighbors=s["neighbours"], **offset)
statuses, values = [], []
for start in range(0, len(objectives), batch):
    rows = np.arange(start, min(len(objectives), start + batch))
    if batch == 1:
        info = a.add_single([start], objectives[start], measures[start])
    else:
        info = a.add(rows[:, None], objectives[rows], measures[rows])
    statuses.append(np.atleast_1d(info["status"]).astype(float))
    for name in ("value", "novelty", "dns"):
        if name in info:
            values.append(np.atleast_1d(info[name]).astype(float))
            break
def leave(name, numbers): np.asarray(numbers, dtype=float).ravel().tofile(folder / name)
leave("statuses", np.concatenate(statuses))
leave("values", np.concatenate(values))
d = a.data()
order = np.argsort(d["solution"][:, 0]) if kind in ("proximity", "dns") else np.argsort(d["index"])
leave("cells", d["index"][order])
leave("solutions", d["solution"][order])
leave("elite-objectives", d["objective"][order])
if "threshold" in d: leave("thresholds", d["threshold"][order])
t = a.stats
leave("statistics", [t.num_elites, t.coverage, t.qd_score, t.norm_qd_score, t.obj_max, t.obj_mean])
if s.get("targets"):
    targets = np.fromfile(folder / "targets").reshape(1, -1, axes)
    leave("cqd", [archives.cqd_score(a, iterations=1, target_points=targets, penalties=5, obj_min=-2, obj_max=3,
                                     dist_max=float(np.sqrt(axes))).mean])
