#!/usr/bin/env python3
"""Both comparisons as one table of ratios, and whether any has grown worse than what is committed.

    python3 benches/peers/check.py ENGINE.json SEARCH.json            # the table, as Markdown
    python3 benches/peers/check.py ENGINE.json SEARCH.json --against benches/ratios.json

A ratio is our time over the other's in the same run, so it outlives a change of machine better
than any time does. With --against, one that is more than SLACK above its committed value ends the
command with 1. With --write, the committed file is made anew.
"""

import argparse
import json
import sys
from pathlib import Path

# Ratios of medians move by a fifth between runs on a shared machine; a regression worth a night's
# work moves them by more.
SLACK = 1.25


def engine_ratios(report):
    """{"query_12_1t over candle f32": 0.05, …}"""
    key = next(k for k in report if k.startswith("time of "))
    return {
        f"{case} over {name}": ratio
        for case, others in report[key].items()
        for name, ratio in others.items()
        if not name.startswith("ours")
    }


def search_ratios(report):
    ratios = {}
    for rows, figures in report.items():
        if rows == "versions":
            continue
        for ours, other in (("ours_exact", "faiss_flat"), ("ours_hnsw", "hnswlib"), ("ours_hnsw", "usearch")):
            if ours in figures and other in figures:
                ratio = figures[ours]["p50_ms"] / figures[other]["p50_ms"]
                ratios[f"{ours} over {other}, {int(rows):,} rows"] = round(ratio, 3)
    return ratios


def served_ratios(report):
    """Time per answer, as everything else here: the rates' quotient the other way round."""
    ours, theirs = report["ours_remembered"]["per_second"], report["fastapi"]["per_second"]
    return {"remembered answer over fastapi": round(theirs / ours, 3)}


def table(ratios):
    lines = ["| our time over the other's | ratio |", "|---|---|"]
    return "\n".join(lines + [f"| {name} | {ratio} |" for name, ratio in ratios.items()])


def main():
    arguments = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    arguments.add_argument("engine", type=Path)
    arguments.add_argument("search", type=Path)
    arguments.add_argument("--served", type=Path)
    arguments.add_argument("--against", type=Path)
    arguments.add_argument("--write", type=Path)
    chosen = arguments.parse_args()
    ratios = engine_ratios(json.loads(chosen.engine.read_text()))
    ratios |= search_ratios(json.loads(chosen.search.read_text()))
    if chosen.served and chosen.served.exists():
        ratios |= served_ratios(json.loads(chosen.served.read_text()))
    print(table(ratios))
    if chosen.write:
        chosen.write.write_text(json.dumps(ratios, indent=1) + "\n")
    if not chosen.against:
        return
    committed = json.loads(chosen.against.read_text())
    worse = {n: r for n, r in ratios.items() if n in committed and r > committed[n] * SLACK}
    missing = sorted(committed.keys() - ratios.keys())
    for name, ratio in worse.items():
        print(f"slower: {name} is {ratio}, was {committed[name]}", file=sys.stderr)
    for name in missing:
        print(f"not measured: {name}", file=sys.stderr)
    if worse or missing:
        sys.exit(1)


if __name__ == "__main__":
    main()
