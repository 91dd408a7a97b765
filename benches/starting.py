#!/usr/bin/env python3
"""What a reader and a writer wait for: starts, a changed page, and what lies idle in memory.

    python3 benches/starting.py PATH_OF_BINARY DOCUMENTATION [--rounds 5]

DOCUMENTATION is a folder or a Docusaurus project; it is copied, because a page of it is changed. Each
figure is the median over the rounds, with lowest and highest:

    first_answer_s   start on an empty state folder until a search finds something, by words
    vectors_s        the same until every chunk has its vector (once)
    restart_ms       start with the index in place until /readyz says so
    changed_s        a page is written until a search finds what was written into it
    idle_mb          resident memory after restart and one question, a few seconds later

Prints one JSON object. Needs nothing but Python, and a machine that does nothing else.
"""

import argparse
import http.client
import json
import shutil
import statistics
import subprocess
import tempfile
import time
import urllib.parse
from pathlib import Path

PORT = 18751
STEP_S = 0.01


class Server:
    def __init__(self, binary, data, state, log):
        self.started = time.perf_counter()
        self.process = subprocess.Popen(
            [binary, "--data", data, "--state", state, "--listen", f"127.0.0.1:{PORT}",
             "--rate-limit-queries-per-minute", "0", "--rate-limit-queries-per-day", "0"], stderr=log)

    def get(self, path):
        try:
            connection = http.client.HTTPConnection("127.0.0.1", PORT, timeout=30)
            connection.request("GET", path)
            response = connection.getresponse()
            return response.status, response.read().decode()
        except OSError:
            if self.process.poll() is not None:
                raise SystemExit(f"the server ended with {self.process.returncode}")
            return 0, ""

    def search(self, words):
        status, text = self.get("/search?" + urllib.parse.urlencode({"q": words, "limit": 5}))
        return text if status == 200 else ""

    def wait(self, is_so, limit_s=1200):
        """Seconds since the start at which `is_so`."""
        while not is_so():
            if time.perf_counter() - self.started > limit_s:
                raise SystemExit("it takes too long")
            time.sleep(STEP_S)
        return time.perf_counter() - self.started

    def is_ready(self):
        status, text = self.get("/readyz")
        said = json.loads(text) if status == 200 else {"chunks": 0}
        return said["chunks"] > 0 and said["chunks_embedded"] == said["chunks"]

    def resident_mb(self):
        lines = Path(f"/proc/{self.process.pid}/status").read_text().splitlines()
        value = {line.split(":")[0]: line.split()[1] for line in lines if line.startswith(("VmRSS", "RssAnon", "VmHWM"))}
        return {name: int(kilobytes) // 1024 for name, kilobytes in value.items()}

    def end(self):
        self.process.terminate()
        self.process.wait()


def spread(values, digits=2):
    return [round(value, digits) for value in (statistics.median(values), min(values), max(values))]


def main():
    arguments = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    arguments.add_argument("binary", type=Path)
    arguments.add_argument("data", type=Path)
    arguments.add_argument("--rounds", type=int, default=5)
    arguments.add_argument("--question", default="how do I build and run the project")
    chosen = arguments.parse_args()
    binary = chosen.binary.resolve()
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        data, state = folder / "data", folder / "state"
        shutil.copytree(chosen.data, data)
        subprocess.run(["chmod", "-R", "u+w", data], check=True)
        with open(folder / "log", "w") as log:
            firsts = []
            for turn in range(chosen.rounds):
                shutil.rmtree(state, ignore_errors=True)
                server = Server(binary, data, state, log)
                firsts.append(server.wait(lambda: '"url"' in server.search(chosen.question)))
                if turn + 1 < chosen.rounds:
                    server.end()
            vectors = server.wait(server.is_ready)
            peak = server.resident_mb()["VmHWM"]
            # A page that is found, and so one of the version that readers see.
            page = data / json.loads(server.search(chosen.question))["results"][0]["doc_id"]
            # Files that were written just now are read again at the next look.
            time.sleep(5)
            changed = []
            for turn in range(chosen.rounds):
                word = f"zyxwv{turn}qjk"
                written = time.perf_counter()
                with open(page, "a") as file:
                    file.write(f"\n\n## Round {turn}\n\nThe word of this round is {word}.\n")
                server.wait(lambda: word in server.search(word))
                changed.append(time.perf_counter() - written)
                server.wait(server.is_ready)
                time.sleep(2)
            server.end()
            restarts, opened = [], []
            for _ in range(chosen.rounds):
                server = Server(binary, data, state, log)
                restarts.append(1e3 * server.wait(lambda: server.get("/readyz")[0] == 200))
                server.search(chosen.question)
                time.sleep(4)
                opened.append(server.resident_mb())
                server.end()
    print(json.dumps({
        "first_answer_s": spread(firsts),
        "vectors_s": round(vectors, 1),
        "peak_mb": peak,
        "changed_s": spread(changed),
        "restart_ms": spread(restarts, 0),
        "idle_mb": spread([one["VmRSS"] for one in opened], 0),
        "idle_own_mb": spread([one["RssAnon"] for one in opened], 0),
    }))


if __name__ == "__main__":
    main()
