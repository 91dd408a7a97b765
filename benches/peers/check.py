#!/usr/bin/env python3
"""Both comparisons as one table of ratios, and whether any has grown worse than what is committed.

    python3 benches/peers/check.py ENGINE.json SEARCH.json            # the table, as Markdown
    python3 benches/peers/check.py ENGINE.json SEARCH.json --against benches/ratios

A ratio is our time over the other's in the same run, so it outlives a change of machine better
than any time does. With --against, one that is more than SLACK above its value in the newest
release ends the command with 1. With --write, the file of this release is made anew.
"""

import argparse
import json
import re
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


def release():
    text = (Path(__file__).parents[2] / "Cargo.toml").read_text()
    return re.search(r'^version = "(.+)"$', text, re.M)[1]


def newest(folder):
    """{"cpu_flag", "ratios"} of the release before this version, or of this version."""
    number = lambda path: [int(part) for part in path.stem.split(".")]
    return json.loads(max(Path(folder).glob("*.json"), key=number).read_text())


def worse(ratios, committed, slack):
    return {n: r for n, r in ratios.items() if n in committed and r > committed[n] * slack}


def has(cpu_flag):
    """Paths for other processors have other ratios."""
    try:
        return re.search(rf"\b{cpu_flag}\b", Path("/proc/cpuinfo").read_text()) is not None
    except OSError:
        return False


def table(ratios):
    lines = ["| our time over the other's | ratio |", "|---|---|"]
    return "\n".join(lines + [f"| {name} | {ratio} |" for name, ratio in ratios.items()])


def main():
    arguments = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    arguments.add_argument("engine", type=Path)
    arguments.add_argument("search", type=Path)
    arguments.add_argument("--served", type=Path)
    arguments.add_argument("--against", type=Path, help="folder of the releases' ratios")
    arguments.add_argument("--write", type=Path, help="the same folder")
    chosen = arguments.parse_args()
    ratios = engine_ratios(json.loads(chosen.engine.read_text()))
    ratios |= search_ratios(json.loads(chosen.search.read_text()))
    if chosen.served and chosen.served.exists():
        ratios |= served_ratios(json.loads(chosen.served.read_text()))
    print(table(ratios))
    if chosen.write:
        flag = "avx512_vnni" if has("avx512_vnni") else "avx2"
        made = json.dumps({"cpu_flag": flag, "ratios": ratios}, indent=1)
        (chosen.write / f"{release()}.json").write_text(made + "\n")
    if not chosen.against:
        return
    committed = newest(chosen.against)["ratios"]
    slower = worse(ratios, committed, SLACK)
    missing = sorted(committed.keys() - ratios.keys())
    for name, ratio in slower.items():
        print(f"slower: {name} is {ratio}, was {committed[name]}", file=sys.stderr)
    for name in missing:
        print(f"not measured: {name}", file=sys.stderr)
    if slower or missing:
        sys.exit(1)


if __name__ == "__main__":
    main()
