#!/usr/bin/env python3
"""What observing costs: the same questions to two of our servers, one of which tells nothing.

    python3 benches/observing.py PATH_OF_BINARY [--seconds 10] [--rounds 6]

The silent one logs nothing; the other writes JSON log lines to stderr and into files, samples traces
as it comes and sends them to a collector on loopback, and its /metrics is read every 5 seconds. Both
run on this repository's handbook for the whole time; wrk asks them in turns, each round the other one
first, an answer that is remembered and then questions that nobody has asked before. Processor time of
the server per request is compared, round by round, for it moves less than requests a second do on a
machine that also runs wrk. What both do, such as counting and keeping a day of figures for /admin,
is in both. Prints one JSON object. Needs wrk, and a machine that does nothing else.
"""

import argparse
import http.client
import json
import os
import statistics
import subprocess
import sys
import tempfile
import threading
from contextlib import ExitStack
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent / "peers"))
from served import POST, QUESTION, REPORT, ROOT, ask, cpu_seconds, until_ready  # noqa: E402

SCRAPED_EVERY_S = 5
PORTS = {"silent": 18741, "observed": 18742}
REMEMBERED = POST % json.dumps({"query": QUESTION}) + REPORT
# A number that no round before had makes it another question.
FRESH = """local at = %d
request = function()
  at = at + 1
  local body = '{"query": "How do I change the port of server ' .. at .. '?"}'
  return wrk.format("POST", nil, {["Content-Type"] = "application/json"}, body)
end
"""
# How many are asked at once: enough to keep the server busy, and no more than it takes without waiting.
CONNECTIONS = {"remembered": 64, "fresh": 4}


class Collector(BaseHTTPRequestHandler):
    """Takes whatever traces it is sent."""

    protocol_version = "HTTP/1.1"

    def do_POST(self):
        self.rfile.read(int(self.headers["Content-Length"]))
        self.server.parcels += 1
        self.send_response(200)
        self.send_header("Content-Type", "application/x-protobuf")
        self.send_header("Content-Length", "0")
        self.end_headers()

    def log_message(self, *_):
        pass


class Server:
    def __init__(self, binary, folder, port, settings, held):
        self.port = port
        log = held.enter_context(open(folder / "stderr", "w"))
        command = [binary, "--data", ROOT / "docs", "--state", folder / "state", "--listen", f"127.0.0.1:{port}"]
        environment = {
            "PATH": os.environ["PATH"],
            "RATE_LIMIT_QUERIES_PER_MINUTE": "0",
            "RATE_LIMIT_QUERIES_PER_DAY": "0",
            **settings,
        }
        self.process = subprocess.Popen(command, env=environment, stderr=log)
        held.callback(self.process.wait)
        held.callback(self.process.terminate)

    def wait(self):
        def is_ready(text):
            said = json.loads(text)
            return said.get("chunks") and said["chunks_embedded"] >= said["chunks"]

        until_ready(self.port, "/readyz", is_ready)
        ask(self.port, QUESTION)

    def load(self, script, connections, seconds):
        """Microseconds of processor for each request, and requests a second."""
        with tempfile.NamedTemporaryFile("w", suffix=".lua") as file:
            file.write(script)
            file.flush()
            before = cpu_seconds(self.process.pid)
            command = ["wrk", "-t1", f"-c{connections}", f"-d{seconds}s", "-s", file.name,
                       f"http://127.0.0.1:{self.port}/query"]
            said = subprocess.run(command, check=True, capture_output=True, text=True).stdout
            after = cpu_seconds(self.process.pid)
        line = next(line for line in said.splitlines() if line.startswith("REPORT"))
        requests, duration_us, _, _, refused, failed = map(int, line.split()[1:])
        if refused or failed or not requests:
            raise RuntimeError(f"{requests} requests, {refused} refused, {failed} failed")
        return (after - before) / requests * 1e6, requests / duration_us * 1e6


def scrape(port, over):
    while not over.wait(SCRAPED_EVERY_S):
        connection = http.client.HTTPConnection("127.0.0.1", port, timeout=30)
        connection.request("GET", "/metrics")
        if b"rag_query_duration_seconds" not in connection.getresponse().read():
            raise RuntimeError("/metrics tells nothing")
        connection.close()


def main():
    arguments = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    arguments.add_argument("binary", type=Path)
    arguments.add_argument("--seconds", type=int, default=10)
    arguments.add_argument("--rounds", type=int, default=6)
    chosen = arguments.parse_args()
    with ExitStack() as held:
        folders = {name: Path(held.enter_context(tempfile.TemporaryDirectory())) for name in PORTS}
        collector = ThreadingHTTPServer(("127.0.0.1", 0), Collector)
        collector.parcels = 0
        threading.Thread(target=collector.serve_forever, daemon=True).start()
        settings = {
            "silent": {"LOG_LEVEL": "off"},
            "observed": {
                "RAG_LOG_FORMAT": "json",
                "RAG_LOG_DIR": str(folders["observed"] / "logs"),
                "OTEL_EXPORTER_OTLP_ENDPOINT": f"http://127.0.0.1:{collector.server_port}",
            },
        }
        binary = chosen.binary.resolve()
        servers = {name: Server(binary, folders[name], port, settings[name], held) for name, port in PORTS.items()}
        for server in servers.values():
            server.wait()
        over = threading.Event()
        scraper = threading.Thread(target=scrape, args=(PORTS["observed"], over))
        scraper.start()
        asked, report = 0, {}
        for kind, connections in CONNECTIONS.items():
            found = {name: [] for name in PORTS}
            # The first round only warms up.
            for number in range(chosen.rounds + 1):
                for name in sorted(PORTS, reverse=number % 2 == 1):
                    asked += 1
                    script = REMEMBERED if kind == "remembered" else FRESH % (asked * 10**7) + REPORT
                    told = servers[name].load(script, connections, chosen.seconds)
                    if number:
                        found[name].append(told)
            ratios = [observed[0] / silent[0] for silent, observed in zip(found["silent"], found["observed"])]
            report[kind] = {
                "connections": connections,
                **{f"{name}_cpu_us": [round(cpu, 1) for cpu, _ in told] for name, told in found.items()},
                **{f"{name}_per_second": [round(rate) for _, rate in told] for name, told in found.items()},
                "more_cpu_percent": [round(100 * (ratio - 1), 1) for ratio in ratios],
                "more_cpu_percent_median": round(100 * (statistics.median(ratios) - 1), 1),
            }
        over.set()
        scraper.join()
        if not collector.parcels:
            raise RuntimeError("no traces have arrived")
        report["parcels_of_traces"] = collector.parcels
    print(json.dumps(report, indent=1))


if __name__ == "__main__":
    main()
