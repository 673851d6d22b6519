"""Tables in Markdown of what `compare` measured."""
import math
import statistics

from suite import NETWORKS

# Machines of each instruction set have tables of their own.
MARK = "<!-- written by Benchmarks/engine/compare on {}: {} -->"


def median(rounds, key):
    return statistics.median(entry[key] for entry in rounds)


def mean(ratios):
    """The geometric mean."""
    return math.exp(sum(map(math.log, ratios)) / len(ratios)) if ratios else math.nan


def figure(value):
    """Three digits at least, with separators of thousands."""
    return f"{value:,.0f}" if value >= 100 else f"{value:.3g}"


def rows(titles, lines):
    """A table; the first column is text."""
    yield "| " + " | ".join(titles) + " |"
    yield "|---|" + "---:|" * (len(titles) - 1)
    for line in lines:
        yield "| " + " | ".join(line) + " |"


class Comparison:
    """A network's steps here and in PyTorch's best mode."""

    def __init__(self, results, part, name, clock):
        self.batch = results["machine"]["batch"]
        self.clock = clock
        self.ours, self.peers, self.failures = [], {}, {}
        for key in (f"{part}/{name}", f"{part}/{name}/compile"):
            unit = results["units"].get(key, {"ours": {}, "peers": {}, "failures": {}})
            self.failures |= unit["failures"]
            ours = unit["ours"].get("niche")
            if not ours:
                continue
            self.ours = self.ours or ours
            for mode, peer in unit["peers"].items():
                # Each beside what was measured in turns with it. The shortest step is known of wall time alone, which
                # says nothing on a busy machine; there it is the better round.
                shortest = "min_ms" if clock == "median_ms" else clock
                self.peers[mode] = (
                    median(peer["rounds"], clock) / median(ours, clock),
                    min(entry[shortest] for entry in peer["rounds"]) / min(entry[shortest] for entry in ours), peer)

    @property
    def best(self):
        """PyTorch's fastest mode."""
        return min(self.peers, key=lambda mode: self.peers[mode][0])

    @property
    def milliseconds(self):
        return median(self.ours, self.clock)

    @property
    def gflops(self):
        return statistics.median(entry["gflops"] * entry["median_ms"] / entry[self.clock] for entry in self.ours)

    @property
    def share(self):
        return self.gflops / median(self.ours, "peak_gflops")

    @staticmethod
    def memory(rounds):
        return max(entry["peak_memory_bytes"] for entry in rounds)


def steps(results, part, clock):
    """The table of training steps or forward passes."""
    lines, ratios, memories, notes = [], [], [], []
    for name, network in NETWORKS.items():
        comparison = Comparison(results, part, name, clock)
        notes += [f"{network.title}, {mode}: {failure}" for mode, failure in comparison.failures.items()]
        if not comparison.ours:
            continue
        ours = comparison.memory(comparison.ours)
        line = [
            network.title, figure(comparison.batch * 1e3 / comparison.milliseconds), figure(comparison.gflops),
            f"{comparison.share:.0%}".replace("%", " %"), figure(ours / 1e6)]
        if comparison.peers:
            ratio, least, peer = comparison.peers[comparison.best]
            theirs = comparison.memory(peer["rounds"])
            line += [
                figure(comparison.batch * 1e3 / median(peer["rounds"], clock)), comparison.best,
                figure(theirs / 1e6), f"**{ratio:.2f}**", f"{least:.2f}"]
            ratios.append(ratio)
            memories.append(ours / theirs)
        else:
            line += ["–"] * 5
        lines.append(line)
    if not lines:
        return
    title = "Training steps" if part == "train" else "Forward passes in evaluation mode"
    peer = "PyTorch" if part == "train" else "Peer"
    yield f"### {title}, one thread"
    yield ""
    yield from rows(
        ["Network", "Images/s", "GFLOP/s", "of the peak", "MB", f"{peer}, images/s", "its mode", "its MB", "Ratio",
         "of minima"], lines)
    yield ""
    if ratios:
        yield (f"Geometric mean of the ratios {mean(ratios):.2f}, the least {min(ratios):.2f}; "
               f"of the memory {mean(memories):.2f}, the most {max(memories):.2f}.")
    for note in notes:
        yield f"Not measured: {note}."
    yield ""


def start(results, clock):
    """The table of the first step and of candidates an hour."""
    lines = []
    for name in NETWORKS:
        unit = results["units"].get(f"start/{name}")
        comparison = Comparison(results, "train", name, clock)
        line = [NETWORKS[name].title]
        if unit and unit["ours"]:
            before = unit["before"]
            line += [figure(value * 1e3) for value in (
                statistics.median(unit["ours"]), min(unit["ours"]), statistics.median(before), min(before))]
        else:
            line += ["–"] * 4
        line.append(figure(statistics.median(unit["peer"]) * 1e3) if unit and unit["peer"] else "–")
        line += ["–"] * 2
        passes = 5000 / comparison.batch
        if comparison.ours:
            once = median(comparison.ours, "compile_ms") + median(comparison.ours, "plan_ms")
            line[-2] = figure(3.6e6 / (once + passes * comparison.milliseconds))
        if comparison.peers:
            peer = comparison.peers[comparison.best][2]
            line[-1] = figure(3.6e6 / (peer["ready"]["build_ms"] + passes * median(peer["rounds"], clock)))
        if set(line[1:]) != {"–"}:
            lines.append(line)
    if not lines:
        return
    yield "### First step and candidates"
    yield ""
    yield ("From the start of the process to its end after one training step, as whole processes, and what goes "
           "before that step; and how many candidates an hour one core reads, plans and trains for an epoch of 5,000 "
           "images, reckoned from the steps above. PyTorch builds its network in a process that runs already.")
    yield ""
    yield from rows(
        ["Network", "First step, ms", "the shortest", "before it", "the shortest", "PyTorch, ms",
         "Candidates an hour", "PyTorch"], lines)
    yield ""


def cores(results):
    """The table of two cores."""
    lines, gains, shared, ratios = [], [], [], []
    batch = results["machine"]["batch"]
    for name, network in NETWORKS.items():
        unit = results["units"].get(f"cores/{name}")
        if not unit or not all(unit["ours"].get(kind) for kind in ("one", "copies", "threads")):
            continue
        one, copies, threads = (median(unit["ours"][kind], "images_per_second") for kind in ("one", "copies", "threads"))
        gains.append(copies / one)
        shared.append(threads / one)
        line = [network.title, figure(one), figure(copies), f"{copies / one:.2f}", figure(threads), f"{threads / one:.2f}"]
        peers = {mode: batch * 1e3 / median(peer["rounds"], "median_ms") for mode, peer in unit["peers"].items()}
        if peers:
            mode = max(peers, key=peers.get)
            ratios.append(threads / peers[mode])
            line += [figure(peers[mode]), mode, f"**{threads / peers[mode]:.2f}**"]
        else:
            line += ["–"] * 3
        lines.append(line)
    if not lines:
        return
    yield "### Two cores, training"
    yield ""
    yield from rows(
        ["Network", "One, images/s", "Two side by side", "Gain", "One with two threads", "Gain",
         "PyTorch with two threads", "its mode", "Ratio"], lines)
    yield ""
    text = f"Geometric mean of the gain side by side {mean(gains):.2f}, with two threads {mean(shared):.2f}"
    yield text + (f", of the ratios {mean(ratios):.2f}." if ratios else ".")
    yield ""


def heading(results, processor_time):
    """When, where and with what it was measured."""
    machine, all_units = results["machine"], results["units"].values()
    dates = sorted(unit["date"] for unit in all_units)
    loads = [unit["load"] for unit in all_units]
    peaks = [entry["peak_gflops"] for unit in all_units if isinstance(unit["ours"], dict)
             for rounds in unit["ours"].values() for entry in rounds]
    peers = ", ".join(
        f"{title} {machine[key]}" for key, title in (("torch", "PyTorch"), ("onnxruntime", "onnxruntime")) if machine[key])
    yield (f"{dates[0]} to {dates[-1]}, load average {min(loads):.1f} to {max(loads):.1f} before each measurement; "
           f"{machine['cores']} cores of {machine['processor']}, {machine['system']}, kernels {machine['kernels']}, "
           f"{machine['blas']}; revision {machine['revision']}. {peers or 'Without a peer'}, "
           + (f"with {machine['tcmalloc']} preloaded, " if machine["tcmalloc"] else "without tcmalloc, ")
           + "fused SGD with momentum. " + (
               f"Multiply-adds in registers reached {statistics.median(peaks):.0f} GFLOP/s a core "
               f"({min(peaks):.0f} to {max(peaks):.0f}). " if peaks else "")
           + f"Batches of {machine['batch']}; medians of {machine['rounds']} rounds of {machine['seconds']:g} s in turns, "
           + ("of processor time." if processor_time else "of wall time."))
    yield ""


def render(results, processor_time, parts):
    """The tables of those parts."""
    clock = "median_processor_ms" if processor_time else "median_ms"
    tables = {"train": lambda: steps(results, "train", clock), "infer": lambda: steps(results, "infer", clock),
              "start": lambda: start(results, clock), "cores": lambda: cores(results)}
    lines = [*heading(results, processor_time), *(line for part in parts for line in tables[part]())]
    return "\n".join(lines).strip() + "\n"


def write(path, text, kernels):
    """Puts the tables between the marks of a machine with those kernels."""
    begin, end = (MARK.format(kernels.split()[0], place) for place in ("begin", "end"))
    document = path.read_text()
    head, separator, rest = document.partition(begin + "\n")
    _, closing, tail = rest.partition(end)
    if not separator or not closing:
        raise SystemExit(f"error: {path} has no line '{begin}' with one of 'end' behind it; add both where the tables belong.")
    path.write_text(head + begin + "\n" + text + end + tail)
