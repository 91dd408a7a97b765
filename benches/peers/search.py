#!/usr/bin/env python3
"""Our exact scan and graph beside faiss' flat index, hnswlib and usearch: same rows, same run.

    pip install -r benches/peers/requirements.txt
    cargo bench --bench search_peer --no-run          # prints the path of the executable
    python3 benches/peers/search.py PATH_OF_EXECUTABLE [--rows 10000,100000] [--graphs 100000]

One thread, one query at a time, everybody in turns for --rounds rounds. Prints one JSON object:
per contender the median and 99th percentile of its best round, and its agreement with numpy's
full f32 scan over the best ten.
"""

import argparse
import json
import os
import subprocess
import tempfile
import time
from importlib.metadata import version
from pathlib import Path

for variable in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"):
    os.environ[variable] = "1"

import faiss
import numpy as np

DIMENSION = 384
# As many as our retrieval asks for, and as many as are compared.
LIMIT, COMPARED = 50, 10
CENTRES = 300
# What our graph is built with (src/index/vector/hnsw.rs); the others get the same.
CONNECTIONS, CONSTRUCTION, SEARCH = 24, 200, 160


def clustered(rows, seed):
    """Unit vectors around a few hundred centres, as sentence embeddings are."""
    centres = np.random.default_rng(42).uniform(-0.5, 0.5, (CENTRES, DIMENSION)).astype(np.float32)
    noise = np.random.default_rng(seed)
    values = np.empty((rows, DIMENSION), np.float32)
    for start in range(0, rows, 100_000):
        part = values[start : start + 100_000]
        picked = np.arange(start, start + len(part)) % CENTRES
        part[:] = centres[picked] + 0.8 * noise.uniform(-0.5, 0.5, part.shape).astype(np.float32)
        part /= np.linalg.norm(part, axis=1, keepdims=True)
    return values


def ours(executable, kind, folder):
    command = [executable, kind, folder / "rows.f32", folder / "queries.f32", str(DIMENSION), str(LIMIT)]
    return json.loads(subprocess.run(command, check=True, capture_output=True).stdout)


def one_by_one(search, queries):
    times_ms, found = [], []
    for query in queries:
        started = time.perf_counter()
        rows = search(query[None, :])
        times_ms.append((time.perf_counter() - started) * 1e3)
        found.append([int(row) for row in rows])
    return {"times_ms": times_ms, "found": found}


def flat(rows):
    index = faiss.IndexFlatIP(DIMENSION)
    index.add(rows)
    return lambda query: index.search(query, LIMIT)[1][0]


def build_hnswlib(rows):
    import hnswlib

    index = hnswlib.Index(space="ip", dim=DIMENSION)
    index.init_index(max_elements=len(rows), M=CONNECTIONS, ef_construction=CONSTRUCTION)
    index.add_items(rows, num_threads=os.cpu_count())
    index.set_ef(SEARCH)
    index.set_num_threads(1)
    return lambda query: index.knn_query(query, LIMIT, num_threads=1)[0][0]


def build_usearch(rows):
    from usearch.index import Index

    index = Index(ndim=DIMENSION, metric="ip", dtype="f32", connectivity=CONNECTIONS,
                  expansion_add=CONSTRUCTION, expansion_search=SEARCH)
    index.add(np.arange(len(rows)), rows, threads=os.cpu_count())
    return lambda query: index.search(query[0], LIMIT, threads=1).keys


def summary(rounds, truth):
    best = min(rounds, key=lambda r: float(np.median(r["times_ms"])))
    same = [len(set(a[:COMPARED]) & set(b)) for a, b in zip(best["found"], truth)]
    whole = [set(a[:COMPARED]) == set(b) for a, b in zip(best["found"], truth)]
    return {
        "p50_ms": round(float(np.median(best["times_ms"])), 4),
        "p99_ms": round(float(np.percentile(best["times_ms"], 99)), 4),
        "recall_at_10": round(sum(same) / (COMPARED * len(truth)), 5),
        "same_top_10": round(sum(whole) / len(truth), 5),
    }


def measure(executable, rows, queries, rounds, graphs):
    truth = [list(np.argpartition(-s, COMPARED)[:COMPARED]) for s in (rows @ q for q in queries)]
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        rows.tofile(folder / "rows.f32")
        queries.tofile(folder / "queries.f32")
        faiss_flat = flat(rows)
        results = {"ours_exact": [], "faiss_flat": []}
        for _ in range(rounds):
            results["ours_exact"].append(ours(executable, "exact", folder))
            results["faiss_flat"].append(one_by_one(faiss_flat, queries))
        report = {name: summary(runs, truth) for name, runs in results.items()}
        report["faiss_flat_over_ours"] = round(
            report["faiss_flat"]["p50_ms"] / report["ours_exact"]["p50_ms"], 2)
        if graphs:
            graph = ours(executable, "hnsw", folder)
            report["ours_hnsw"] = summary([graph], truth) | {"build_s": round(graph["build_s"], 1)}
            for name, build in (("hnswlib", build_hnswlib), ("usearch", build_usearch)):
                started = time.perf_counter()
                search = build(rows)
                build_s = time.perf_counter() - started
                report[name] = summary([one_by_one(search, queries)], truth) | {"build_s": round(build_s, 1)}
        return report


def main():
    arguments = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    arguments.add_argument("executable")
    arguments.add_argument("--rows", default="10000,100000")
    arguments.add_argument("--graphs", type=int, default=100_000, help="largest number of rows that graphs are built for")
    arguments.add_argument("--queries", type=int, default=1000)
    arguments.add_argument("--rounds", type=int, default=3)
    chosen = arguments.parse_args()
    faiss.omp_set_num_threads(1)
    queries = clustered(chosen.queries, 99)
    report = {"versions": {name: version(name) for name in ("faiss-cpu", "hnswlib", "usearch", "numpy")}}
    for count in map(int, chosen.rows.split(",")):
        rows = clustered(count, 7)
        report[str(count)] = measure(chosen.executable, rows, queries, chosen.rounds, count <= chosen.graphs)
    print(json.dumps(report, indent=2))


if __name__ == "__main__":
    main()
