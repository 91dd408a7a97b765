#!/usr/bin/env python3
"""The comparison that fits into CI: our encoder beside candle, our exact scan beside faiss.

    pip install -r benches/peers/short.requirements.txt
    python3 benches/peers/short.py ENGINE_PEER SEARCH_PEER --against benches/ratios

Fails if a ratio is SLACK times what the newest release's file says, in each of TRIES: a machine that
is busy with something else may disturb one of them. On a processor without the instructions that the
file was measured with, it fails if we are not faster than the others at all.
"""

import argparse
import statistics
import sys

from check import has, newest, table
from ours import CASES, Ours, tokens
from search import clustered, faiss, measure

# Wide enough for any machine, and what a lost fast path costs is more.
SLACK = 2.0
TRIES = 3
ROUNDS = 3
ROWS, QUERIES = 10_000, 300


def encoder_ratios(executable):
    ours, candle = Ours(executable, "auto"), Ours(executable, "candle")
    ratios = {}
    for case, sequences, length, threads, repeats in CASES:
        # Long batches take candle seconds, and say the same.
        if length > 128:
            continue
        ids = tokens(sequences, length)
        times = {ours: [], candle: []}
        for turn in range(ROUNDS + 1):
            for contender, found in times.items():
                best = min(contender.run(ids, threads, repeats if turn else 1)[0])
                if turn:
                    found.append(best)
        ratios[f"{case} over candle f32"] = round(statistics.median(times[ours]) / statistics.median(times[candle]), 3)
    return ratios


def search_ratios(executable):
    faiss.omp_set_num_threads(1)
    found = measure(executable, clustered(ROWS, 7), clustered(QUERIES, 99), ROUNDS, graphs=False)
    return {f"ours_exact over faiss_flat, {ROWS:,} rows": round(found["ours_exact"]["p50_ms"] / found["faiss_flat"]["p50_ms"], 3)}


def main():
    arguments = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    arguments.add_argument("engine")
    arguments.add_argument("search")
    arguments.add_argument("--against", required=True, help="folder of the releases' ratios")
    chosen = arguments.parse_args()
    committed = newest(chosen.against)
    if has(committed["cpu_flag"]):
        limits = {name: ratio * SLACK for name, ratio in committed["ratios"].items()}
    else:
        print(f"this processor lacks {committed['cpu_flag']}: the ratios have only to be below 1")
        limits = dict.fromkeys(committed["ratios"], 1.0)
    for _ in range(TRIES):
        ratios = encoder_ratios(chosen.engine) | search_ratios(chosen.search)
        print(table(ratios), flush=True)
        unknown = ratios.keys() - limits.keys()
        if unknown:
            sys.exit(f"{chosen.against} has no {', '.join(sorted(unknown))}")
        slower = {name: ratio for name, ratio in ratios.items() if ratio > limits[name]}
        if not slower:
            return
    for name, ratio in slower.items():
        print(f"slower: {name} is {ratio}, may be {limits[name]:.3f}", file=sys.stderr)
    sys.exit(1)


if __name__ == "__main__":
    main()
