#!/usr/bin/env python3
"""Compares the compiler with PyTorch on a corpus of model files.

  coverage.py prepare CASES.jsonl CACHE          runs every case in PyTorch and keeps what it says
  coverage.py compare CASES.jsonl CACHE NICHE    runs every case in `niche` and compares
  coverage.py run     CASES.jsonl CACHE NICHE    both for one case after the other, which keeps no arrays; goes on where
                                                 it was broken off
  coverage.py table   CACHE                      prints the last comparison as Markdown

A case is one JSON object a line: id, group, file, call (an expression over the file's names that builds the
network), inputs (such as "3x32x32" or "int64:128", without the batch), and, for a file that is part of an installed package,
the module it is. With `find` niche has to find the network itself (for that many `classes`), and with `text` and `heal` it is given that text, such
as the reply of a language model, and heals it. Options: --only TEXT (ids that contain it), --limit N (the first
cases of each group), --jobs N, --seconds N (a case), --again, --eval-only (neither training mode nor gradients, which take most of the time).
"""
import argparse
import json
import os
import shutil
import subprocess
import sys
import tempfile
import threading
from concurrent.futures import ThreadPoolExecutor

import values

HERE = os.path.dirname(os.path.abspath(__file__))
FORWARD, GRADIENT = 1e-4, 1e-3


def load(path, only, limit=None):
    with open(path) as file:
        cases = [json.loads(line) for line in file if line.strip()]
    counts, chosen = {}, []
    for case in cases:
        counts[case["group"]] = counts.get(case["group"], 0) + (only in case["id"])
        if only in case["id"] and (limit is None or counts[case["group"]] <= limit):
            chosen.append(case)
    return chosen


def folder_of(cache, case):
    return os.path.join(cache, case["id"].replace("/", "_"))


class Reference:
    """A process that has PyTorch loaded and examines one case after the other."""

    def __init__(self):
        self.lock = threading.Lock()
        self.begin()

    def begin(self):
        self.process = subprocess.Popen([sys.executable, f"{HERE}/reference.py"], stdin=subprocess.PIPE,
                                        stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True)

    def examine(self, case, folder, mode, seconds):
        with self.lock:
            self.process.stdin.write(json.dumps([case, folder, mode, seconds]) + "\n")
            self.process.stdin.flush()
            if self.process.stdout.readline() == "":
                self.begin()


def prepare(case, arguments):
    folder = folder_of(arguments.cache, case)
    if os.path.exists(f"{folder}/reference.json") and not arguments.again:
        return
    arguments.reference.examine(case, folder, "single", arguments.seconds)
    if not os.path.exists(f"{folder}/reference.json"):
        os.makedirs(folder, exist_ok=True)
        with open(f"{folder}/reference.json", "w") as file:
            json.dump({"status": "instantiate", "error": "time or memory"}, file)


def niche(arguments, words):
    """Runs the program and gives its JSON."""
    try:
        done = subprocess.run([arguments.niche] + words, capture_output=True, timeout=arguments.seconds)
    except subprocess.TimeoutExpired:
        return {"ok": False, "crash": f"longer than {arguments.seconds} s"}
    try:
        answer = json.loads(done.stdout)
    except ValueError:
        answer = {}
    if done.returncode not in (0, 1):
        answer["crash"] = f"exit {done.returncode}: {done.stderr[-300:].decode(errors='replace')}"
    elif done.returncode == 1 and answer.get("ok") is not False:
        answer = {"ok": False, "diagnostics": [{"message": done.stderr[-300:].decode(errors="replace")}]}
    return answer


def said(answer):
    if "crash" in answer:
        return "CRASH " + answer["crash"]
    errors = [d for d in answer.get("diagnostics", []) if d.get("severity", "error") == "error"]
    first = errors[0] if errors else {}
    place = first.get("location", {}).get("line", "")
    return f"{first.get('identifier', '')} {place}: {first.get('message', '')}"


def distance(ours, theirs):
    import numpy as np
    if ours.shape != theirs.shape:
        return float("inf")
    if ours.size == 0:
        return 0.0
    ours, theirs = ours.astype(np.float64), theirs.astype(np.float64)
    same = (ours == theirs) | (np.isnan(ours) & np.isnan(theirs))
    if same.all():
        return 0.0
    scale = max(np.abs(theirs[np.isfinite(theirs)]).max(initial=0), 1e-12)
    difference = np.where(same, 0, np.abs(ours - theirs))
    return float(np.nan_to_num(difference, nan=np.inf).max() / scale)


def arrays(path):
    import numpy as np
    with np.load(path) as file:
        return {name: file[name] for name in file.files}


def doubles(case, folder, arguments):
    """Makes the double-precision reference where it is not there yet."""
    if not os.path.exists(f"{folder}/eval-double.npz"):
        arguments.reference.examine(case, folder, "double", 2 * arguments.seconds)


def exact(folder, name):
    path = f"{folder}/{name}-double.npz"
    return arrays(path) if os.path.exists(path) else None


def is_rounding(ours, theirs, truth, tolerance, measure):
    """Whether we are no further from the truth than a few times PyTorch's own rounding."""
    noise = measure(theirs, truth)
    return noise < 0.2 and measure(ours, truth) <= max(tolerance, 5 * noise)


def check_outputs(case, folder, temporary, mode, count, arguments):
    """The worst relative error of the outputs."""
    import numpy as np
    theirs, worst = arrays(f"{folder}/{mode}.npz"), 0.0
    for index in range(count):
        ours, wanted = np.load(f"{temporary}/{mode}{index}.npy"), theirs[f"arr_{index}"]
        error = distance(ours, wanted)
        if error > FORWARD:
            doubles(case, folder, arguments)
            truth = exact(folder, mode)
            if truth and is_rounding(ours, wanted, truth[f"arr_{index}"], FORWARD, distance):
                error = FORWARD
        worst = max(worst, error)
    return worst


def check_gradients(case, folder, temporary, arguments):
    """The worst relative error of the gradients and the parameter's name."""
    import numpy as np
    from safetensors.numpy import load_file
    theirs = arrays(f"{folder}/gradients.npz")
    ours = values.summary(load_file(f"{temporary}/gradients.safetensors"))
    if set(theirs) != set(ours):
        return float("inf"), "names differ: " + ", ".join(sorted(set(theirs) ^ set(ours))[:4])
    largest = max((float(np.abs(value).max(initial=0)) for value in theirs.values()), default=0)

    def measure(left, right):
        scale = max(float(np.abs(right).max(initial=0)), 1e-3 * largest, 1e-12)
        return float(np.nan_to_num(np.abs(left - right), nan=np.inf).max(initial=0)) / scale
    worst, name, truth = 0.0, "", None
    for key, value in theirs.items():
        if ours[key].shape != value.shape:
            return float("inf"), key
        error = measure(ours[key], value)
        if error > GRADIENT:
            if truth is None:
                doubles(case, folder, arguments)
                truth = exact(folder, "gradients") or {}
            # A rounding that tips one ReLU moves all gradients before it, so the noise is that of the network: what
            # nine in ten of PyTorch's own gradients are off by, since one that is nearly 0 may be off by anything.
            noises = sorted(measure(theirs[name], truth[name]) for name in truth)
            noise = noises[len(noises) * 9 // 10] if noises else 0
            if key in truth and noise < 0.2 and measure(ours[key], truth[key]) <= max(GRADIENT, 5 * noise):
                error = GRADIENT
        if error > worst:
            worst, name = error, key
    return worst, name


def compare(case, arguments):
    """The outcome of a case: (outcome, what is to be said of it, milliseconds)."""
    with tempfile.TemporaryDirectory(prefix="niche-coverage-") as temporary:
        found = compared(case, folder_of(arguments.cache, case), temporary, arguments)
    if found[0] != "wrong gradient" or "draw" in case:
        return found
    # Where a rectifier's argument is 0 but for rounding, one side may take its other slope. With other inputs an error
    # stays and such a chance does not.
    for draw in (1, 2, 3):
        other = dict(case, id=f"{case['id']}-again{draw}", draw=draw)
        prepare(other, arguments)
        outcome, remark, milliseconds = compare(other, arguments)
        shutil.rmtree(folder_of(arguments.cache, other), ignore_errors=True)
        if outcome in ("same", "other MACs"):
            return outcome, "; ".join(filter(None, [remark, "with other inputs, after " + found[1]])), milliseconds
    return found


def compared(case, folder, temporary, arguments):
    import numpy as np
    from safetensors.numpy import save_file
    with open(f"{folder}/reference.json") as file:
        reference = json.load(file)
    build = [case.get("text", case["file"])] + ([] if case.get("find") else ["--call", case["call"]])
    build += ["--heal"] if case.get("heal") else []
    build += ["--classes", str(case["classes"])] if case.get("classes") else []
    shapes = [word for text in case["inputs"] for word in ("--input", text)]
    answer = niche(arguments, ["compile"] + build + shapes + ["--json"])
    ok = answer.get("ok") is True
    milliseconds = answer.get("milliseconds")
    if "crash" in answer:
        return "crash", said(answer), milliseconds
    if reference["status"] != "ok":
        verdict = "both refuse" if not ok else "only niche accepts"
        return verdict, reference.get("error", "") + " | " + said(answer), milliseconds
    if not ok:
        return "refused", said(answer), milliseconds
    if answer.get("parameters") != reference["parameters"]:
        return "wrong parameters", f"{answer.get('parameters')} for {reference['parameters']}", milliseconds
    names = answer.get("parameter_names")
    if names != reference["names"]:
        wrong = next((f"{a} for {b}" for a, b in zip(names, reference["names"]) if a != b), "count")
        return "wrong names", wrong, milliseconds
    shape = reference["outputs"][0][1]
    if reference["single"] and answer.get("output_shape") != reference["single"]:
        return "wrong shape", f"{answer.get('output_shape')} for {reference['single']}", milliseconds
    remarks = []
    if "macs" in reference and answer.get("macs") != reference["macs"]:
        remarks.append(f"MACs {answer.get('macs')} for {reference['macs']}")
    if not reference["deterministic"] or not reference["finite"]:
        return "compiles", "; ".join(remarks + ["not comparable: random or not finite"]), milliseconds
    weights = {name: values.weight(entry) for name, entry in reference["weights"]}
    weights.update((name, value) for name, value in arrays(f"{folder}/kept.npz").items())
    save_file(weights, f"{temporary}/weights.safetensors")
    files = ["--weights", f"{temporary}/weights.safetensors"]
    for index, array in enumerate(values.inputs(case)):
        np.save(f"{temporary}/input{index}.npy", array)
        files += ["--input", f"{temporary}/input{index}.npy"]
    for mode in ["eval"] + (["train"] if reference.get("train") and not arguments.eval_only else []):
        count = len(reference["outputs" if mode == "eval" else "train_outputs"])
        words = ["forward"] + build + files + (["--train"] if mode == "train" else [])
        for index in range(count):
            words += ["--output", f"{temporary}/{mode}{index}.npy"]
        takes_gradients = (reference.get("gradients") and reference["gradient_mode"] == mode
                           and not arguments.eval_only)
        if takes_gradients:
            np.save(f"{temporary}/cotangent.npy", values.cotangent(tuple(shape)))
            words += ["--gradients", f"{temporary}/gradients.safetensors",
                      "--output-gradient", f"{temporary}/cotangent.npy"]
        answer = niche(arguments, words + ["--json"])
        if answer.get("ok") is not True:
            return ("crash" if "crash" in answer else "cannot run"), f"{mode}: {said(answer)}", milliseconds
        error = check_outputs(case, folder, temporary, mode, count, arguments)
        if not error <= FORWARD:
            return "wrong value", f"{mode}: relative error {error:.2g}", milliseconds
        if takes_gradients:
            error, name = check_gradients(case, folder, temporary, arguments)
            if not error <= GRADIENT:
                return "wrong gradient", f"{mode}: {name}: relative error {error:.2g}", milliseconds
    return ("same", "", milliseconds) if not remarks else ("other MACs", "; ".join(remarks), milliseconds)


def told(case, found):
    """The result of a case as it is kept, and printed where it is worth a line."""
    outcome, remark, milliseconds = found
    if remark and outcome != "both refuse":
        print(f"{outcome}: {case['id']}: {remark}", flush=True)
    return {"id": case["id"], "group": case["group"], "outcome": outcome, "remark": remark,
            "milliseconds": milliseconds}


def run(cases, arguments):
    """Prepares and compares one case after the other; only what is said of it stays."""
    os.makedirs(arguments.cache, exist_ok=True)
    path = f"{arguments.cache}/results.jsonl"
    if arguments.again and os.path.exists(path):
        os.remove(path)
    known = {}
    if os.path.exists(path):
        with open(path) as file:
            known = {result["id"]: result for result in map(json.loads, file)}
    for index, case in enumerate(cases):
        print(f"\r{index + 1}/{len(cases)}", end="", file=sys.stderr)
        if case["id"] in known:
            continue
        folder = folder_of(arguments.cache, case)
        prepare(case, arguments)
        known[case["id"]] = told(case, compare(case, arguments))
        shutil.rmtree(folder, ignore_errors=True)
        with open(path, "a") as file:
            file.write(json.dumps(known[case["id"]]) + "\n")
    print(file=sys.stderr)
    return [known[case["id"]] for case in cases]


def table(results):
    groups = sorted({result["group"] for result in results})
    outcomes = ["same", "other MACs", "compiles", "refused", "cannot run", "wrong parameters",
                "wrong names", "wrong shape", "wrong value", "wrong gradient", "crash"]
    lines = ["| group | run in PyTorch | compile here | " + " | ".join(outcomes) + " |",
             "|---|" + "---|" * (len(outcomes) + 2)]
    for group in groups + ["all"]:
        rows = [r for r in results if group in ("all", r["group"])
                and r["outcome"] not in ("both refuse", "only niche accepts")]
        counts = [sum(r["outcome"] == outcome for r in rows) for outcome in outcomes]
        good = len(rows) - sum(r["outcome"] in ("refused", "crash") for r in rows)
        share = f"{good} ({100 * good / len(rows):.1f} %)" if rows else "0"
        lines.append(f"| {group} | {len(rows)} | {share} | " + " | ".join(str(c) if c else "" for c in counts) + " |")
    rest = {outcome: sum(r["outcome"] == outcome for r in results) for outcome in ("both refuse", "only niche accepts")}
    lines.append("")
    lines.append(f"Besides, PyTorch itself does not run {sum(rest.values())} cases: both refuse {rest['both refuse']}, "
                 f"only niche accepts {rest['only niche accepts']}.")
    return "\n".join(lines)


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("command", choices=["prepare", "compare", "run", "table"])
    parser.add_argument("cases")
    parser.add_argument("cache", nargs="?")
    parser.add_argument("niche", nargs="?")
    parser.add_argument("--only", default="")
    parser.add_argument("--limit", type=int)
    parser.add_argument("--jobs", type=int, default=1)
    parser.add_argument("--seconds", type=int, default=120)
    parser.add_argument("--again", action="store_true")
    parser.add_argument("--eval-only", action="store_true")
    arguments = parser.parse_args()
    if arguments.command == "table":
        with open(f"{arguments.cases}/results.json") as file:
            print(table(json.load(file)))
        return
    cases = load(arguments.cases, arguments.only, arguments.limit)
    arguments.reference = Reference()
    if arguments.command == "run":
        print(table(run(cases, arguments)))
        return
    with ThreadPoolExecutor(arguments.jobs) as pool:
        if arguments.command == "prepare":
            for index, _ in enumerate(pool.map(lambda case: prepare(case, arguments), cases)):
                print(f"\r{index + 1}/{len(cases)}", end="", file=sys.stderr)
            print(file=sys.stderr)
            return
        cases = [c for c in cases if os.path.exists(folder_of(arguments.cache, c) + "/reference.json")]
        results = list(map(told, cases, pool.map(lambda case: compare(case, arguments), cases)))
    if not arguments.only and arguments.limit is None:
        with open(f"{arguments.cache}/results.json", "w") as file:
            json.dump(results, file, indent=1)
    print(table(results))


if __name__ == "__main__":
    main()
