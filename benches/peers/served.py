#!/usr/bin/env python3
"""Whole servers under load: our remembered answers beside the same JSON from FastAPI on uvicorn.

    python3 benches/peers/served.py PATH_OF_BINARY [--seconds 10] [--rounds 3] [--connections 64]

Serves this repository's handbook from an empty state folder, asks one question, and lets wrk (one
thread, on the same machine) ask it again over many connections. FastAPI then answers requests of
the same shape with the same JSON, one worker per core, keeping nothing. Both in turns; then
`GET /search` with different questions over 16 connections, and `POST /query` with different
questions one by one. Prints one JSON object; each rate comes with the share of the processors that
wrk and the server took.
"""

import argparse
import http.client
import json
import os
import subprocess
import sys
import tempfile
import time
import urllib.parse
from importlib.metadata import version
from pathlib import Path

HERE = Path(__file__).resolve().parent
ROOT = HERE.parent.parent
OURS, THEIRS = 18731, 18732
QUESTION = "How do I change the port?"
SEARCH_CONNECTIONS = 16
POST = """wrk.method = "POST"
wrk.headers["Content-Type"] = "application/json"
wrk.body = [[%s]]
"""
# Every request another question; a thread of wrk has its own counter.
SEARCH = """local paths = {%s}
local at = 0
request = function()
  at = at %% #paths + 1
  return wrk.format("GET", paths[at])
end
"""
REPORT = """done = function(summary, latency, requests)
  io.write(string.format("REPORT %d %d %d %d %d %d\\n", summary.requests, summary.duration,
    latency:percentile(50), latency:percentile(99), summary.errors.status,
    summary.errors.connect + summary.errors.read + summary.errors.write + summary.errors.timeout))
end
"""


def ask(port, question):
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=60)
    body = json.dumps({"query": question})
    connection.request("POST", "/query", body, {"Content-Type": "application/json"})
    response = connection.getresponse()
    text = response.read()
    if response.status != 200:
        raise RuntimeError(f"{response.status}: {text[:200]!r}")
    return json.loads(text)


def until_ready(port, path, is_ready):
    for _ in range(600):
        try:
            connection = http.client.HTTPConnection("127.0.0.1", port, timeout=5)
            connection.request("GET", path)
            if is_ready(connection.getresponse().read()):
                return
        except OSError:
            pass
        time.sleep(0.2)
    raise RuntimeError(f"nothing is ready at port {port}")


def cpu_seconds(process):
    """Processor time of a process and its children so far."""
    total, tick = 0, os.sysconf("SC_CLK_TCK")
    for stat in Path("/proc").glob("[0-9]*/stat"):
        try:
            fields = stat.read_text().rsplit(")", 1)[1].split()
        except (OSError, IndexError):
            continue
        if process in (int(stat.parent.name), int(fields[1])):
            total += int(fields[11]) + int(fields[12])
    return total / tick


def load(port, script, connections, seconds, server):
    with tempfile.NamedTemporaryFile("w", suffix=".lua") as file:
        file.write(script + REPORT)
        file.flush()
        before, children = cpu_seconds(server), os.times()
        command = ["wrk", "-t1", f"-c{connections}", f"-d{seconds}s", "-s", file.name,
                   f"http://127.0.0.1:{port}/query"]
        said = subprocess.run(command, check=True, capture_output=True, text=True).stdout
        after, ended = cpu_seconds(server), os.times()
    numbers = next(line for line in said.splitlines() if line.startswith("REPORT")).split()[1:]
    requests, duration_us, p50_us, p99_us, refused, failed = map(int, numbers)
    duration, cores = duration_us / 1e6, os.cpu_count()
    wrk = (ended.children_user + ended.children_system) - (children.children_user + children.children_system)
    return {
        "per_second": round(requests / duration),
        "p50_ms": round(p50_us / 1e3, 2),
        "p99_ms": round(p99_us / 1e3, 2),
        "refused": refused,
        "failed": failed,
        "server_share": round((after - before) / duration / cores, 2),
        "wrk_share": round(wrk / duration / cores, 2),
    }


def one_by_one(port, questions):
    times = []
    for question in questions:
        started = time.perf_counter()
        ask(port, question)
        times.append((time.perf_counter() - started) * 1e3)
    times.sort()
    return {"p50_ms": round(times[len(times) // 2], 2), "p95_ms": round(times[int(len(times) * 0.95)], 2)}


def questions():
    lines = (ROOT / "docs" / "questions.tsv").read_text(encoding="utf-8").splitlines()
    return [line.split("\t")[0] for line in lines if line.strip() and not line.startswith("#")]


def main():
    arguments = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    arguments.add_argument("binary", type=Path)
    arguments.add_argument("--seconds", type=int, default=10)
    arguments.add_argument("--rounds", type=int, default=3)
    arguments.add_argument("--connections", type=int, default=64)
    chosen = arguments.parse_args()
    with tempfile.TemporaryDirectory() as name:
        state = Path(name)
        log = open(state / "log", "w")
        ours = subprocess.Popen(
            [chosen.binary.resolve(), "--data", ROOT / "docs", "--state", state / "state",
             "--listen", f"127.0.0.1:{OURS}", "--rate-limit-queries-per-minute", "0",
             "--rate-limit-queries-per-day", "0"], stderr=log)
        theirs = None
        try:
            def embedded(text):
                said = json.loads(text)
                return said.get("chunks") and said["chunks"] == said.get("chunks_embedded")

            until_ready(OURS, "/readyz", embedded)
            ask(OURS, QUESTION)
            answer = state / "answer.json"
            answer.write_text(json.dumps(ask(OURS, QUESTION)))
            theirs = subprocess.Popen(
                [sys.executable, "-m", "uvicorn", "fastapi_peer:app", "--port", str(THEIRS),
                 "--workers", str(os.cpu_count()), "--no-access-log", "--log-level", "warning"],
                cwd=HERE, env=os.environ | {"ANSWER": str(answer)}, stderr=log)
            until_ready(THEIRS, "/health", lambda text: text == b'"ok"')
            post = POST % json.dumps({"query": QUESTION})
            rounds = [
                (load(OURS, post, chosen.connections, chosen.seconds, ours.pid),
                 load(THEIRS, post, chosen.connections, chosen.seconds, theirs.pid))
                for _ in range(chosen.rounds)
            ]
            best = [max(side, key=lambda r: r["per_second"]) for side in zip(*rounds)]
            asked = questions()
            paths = ", ".join(f'"/search?q={urllib.parse.quote(q)}"' for q in asked)
            print(json.dumps({
                "versions": {name: version(name) for name in ("fastapi", "uvicorn")},
                "answer_bytes": answer.stat().st_size,
                "ours_remembered": best[0],
                "fastapi": best[1],
                "ours_over_fastapi": round(best[0]["per_second"] / best[1]["per_second"], 1),
                "search": load(OURS, SEARCH % paths, SEARCH_CONNECTIONS, chosen.seconds, ours.pid),
                "query": one_by_one(OURS, asked),
            }, indent=2))
        finally:
            for process in (ours, theirs):
                if process:
                    process.terminate()
                    process.wait()
            log.close()


if __name__ == "__main__":
    main()
