#!/usr/bin/env python3
"""What more documentation costs: measures every size and draws docs/static/img/growth.svg.

    python3 benches/growth/plot.py EXECUTABLE [--chunks 1000,10000,100000,1000000] [--from FIGURES.json]

EXECUTABLE is the bench `growth`. A million chunks take some 10 GB of disk and memory. The figures
are printed as JSON; --from draws figures that were measured before.
"""

import argparse
import json
import subprocess
import sys
import tempfile
from pathlib import Path

import matplotlib

matplotlib.use("svg")
import matplotlib.pyplot as plt

DRAWING = Path(__file__).resolve().parents[2] / "docs" / "static" / "img" / "growth.svg"
INK, PAPER = "#1f2933", "#ffffff"


def measure(executable, chunks):
    def run(*arguments):
        out = subprocess.run([executable, *map(str, arguments)], check=True, capture_output=True).stdout
        return json.loads(out)

    with tempfile.TemporaryDirectory() as folder:
        return run("make", chunks, folder) | run("ask", folder)


def draw(figures):
    plt.rcParams.update({
        "svg.hashsalt": "growth", "font.size": 9, "axes.edgecolor": INK, "text.color": INK,
        "axes.labelcolor": INK, "xtick.color": INK, "ytick.color": INK, "figure.facecolor": PAPER,
    })
    chunks = [one["chunks"] for one in figures]
    panels = [
        ("A question, median", "ms", {
            "words": [one["words_ms"][0] for one in figures],
            "vectors": [one["vectors_ms"][0] for one in figures],
            "whole search": [one["search_ms"][0] for one in figures],
        }),
        ("Making and opening the index", "seconds", {
            "texts and words": [one["text_s"] for one in figures],
            "graph": [one["graph_s"] if one["vector_search"] == "hnsw" else None for one in figures],
            "opening": [one["open_ms"] / 1e3 for one in figures],
        }),
        ("Room", "MB", {
            "memory of its own": [one["asked_mb"] for one in figures],
            "peak while making": [one["peak_mb"] for one in figures],
            "disk": [one["disk_mb"] for one in figures],
        }),
    ]
    figure, axes = plt.subplots(1, 3, figsize=(11, 3.4), layout="constrained")
    for axis, (title, unit, lines) in zip(axes, panels):
        for (name, values), marker in zip(lines.items(), "os^"):
            if not any(values):
                continue
            axis.plot(chunks, [v if v else float("nan") for v in values], marker=marker, label=name)
        axis.set(xscale="log", yscale="log", title=title, xlabel="chunks", ylabel=unit)
        axis.grid(True, alpha=0.3)
        axis.legend(frameon=False)
    DRAWING.parent.mkdir(parents=True, exist_ok=True)
    figure.savefig(DRAWING, metadata={"Date": None, "Creator": None})


def main():
    arguments = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    arguments.add_argument("executable", nargs="?")
    arguments.add_argument("--chunks", default="1000,10000,100000,1000000")
    arguments.add_argument("--from", dest="figures", type=Path)
    chosen = arguments.parse_args()
    if chosen.figures:
        figures = json.loads(chosen.figures.read_text())
    elif chosen.executable:
        figures = []
        for chunks in map(int, chosen.chunks.split(",")):
            print(f"{chunks} chunks", file=sys.stderr)
            figures.append(measure(chosen.executable, chunks))
    else:
        sys.exit("give the executable of the bench `growth`, or --from with figures that it gave")
    print(json.dumps(figures, indent=1))
    draw(figures)


if __name__ == "__main__":
    main()
