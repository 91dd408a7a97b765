#!/usr/bin/env python3
"""What we add to a model's first token, with many streams at once; needs nothing but Python.

    python3 benches/peers/streams.py PATH_OF_BINARY [--streams 100] [--seconds 20]

A generator on this machine waits --think-ms before its first token and then sends one every 20 ms
for two seconds. --streams readers ask us different questions, each again when its stream has ended,
and read to the end. The same readers then ask the generator directly: what both see before the
first token, less the generator's wait, is compared. Prints one JSON object.
"""

import argparse
import asyncio
import json
import random
import subprocess
import tempfile
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent.parent
OURS, GENERATOR = 18733, 18734
TOKENS, GAP_S = 100, 0.02


async def read_request(reader):
    head = await reader.readuntil(b"\r\n\r\n")
    length = 0
    for line in head.decode("latin-1").split("\r\n"):
        name, _, value = line.partition(":")
        if name.lower() == "content-length":
            length = int(value)
    await reader.readexactly(length)


def generator(think_s):
    def piece(delta, **more):
        body = {"id": "c", "object": "chat.completion.chunk", "model": "loopback",
                "choices": [{"index": 0, "delta": delta, "finish_reason": None}], **more}
        return b"data: " + json.dumps(body).encode() + b"\n\n"

    async def serve(reader, writer):
        try:
            while True:
                await read_request(reader)
                writer.write(b"HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nConnection: close\r\n\r\n")
                await asyncio.sleep(think_s)
                for at in range(TOKENS):
                    writer.write(piece({"content": f"word{at} "}))
                    await writer.drain()
                    await asyncio.sleep(GAP_S)
                writer.write(b"data: [DONE]\n\n")
                await writer.drain()
                break
        except (asyncio.IncompleteReadError, ConnectionError):
            pass
        finally:
            writer.close()

    return asyncio.start_server(serve, "127.0.0.1", GENERATOR, backlog=1024)


async def stream(port, path, body, first_mark, last_mark):
    """Seconds to the first token; `None` for a stream that was refused or broke off."""
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    payload = json.dumps(body).encode()
    started = time.perf_counter()
    writer.write((f"POST {path} HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\n"
                  f"Accept: text/event-stream\r\nContent-Length: {len(payload)}\r\n\r\n").encode() + payload)
    first, tail = None, b""
    try:
        while data := await reader.read(65536):
            tail = tail[-64:] + data
            if first is None and first_mark in tail:
                first = time.perf_counter() - started
            if last_mark in tail:
                return first
        return None
    finally:
        writer.close()


async def readers(count, seconds, ask):
    ends = time.perf_counter() + seconds
    times, dropped = [], 0

    async def one(number):
        nonlocal dropped
        # Not all in the same moment: that would measure the burst.
        await asyncio.sleep(random.uniform(0, 2))
        while time.perf_counter() < ends:
            try:
                first = await ask()
            except OSError:
                first = None
            if first is None:
                dropped += 1
            else:
                times.append(first * 1e3)

    await asyncio.gather(*(one(number) for number in range(count)))
    times.sort()
    return times, dropped


def figures(times, dropped, think_ms):
    over = [t - think_ms for t in times]
    return {"streams": len(times), "dropped": dropped, "p50_ms": round(over[len(over) // 2], 2),
            "p95_ms": round(over[int(len(over) * 0.95)], 2)}


async def measure(chosen):
    lines = (ROOT / "docs" / "questions.tsv").read_text(encoding="utf-8").splitlines()
    questions = [line.split("\t")[0] for line in lines if line.strip() and not line.startswith("#")]
    asked = iter(range(1_000_000_000))
    server = await generator(chosen.think_ms / 1e3)

    def ours():
        # Never the same twice: nothing may be remembered.
        number = next(asked)
        body = {"query": f"{questions[number % len(questions)]} ({number})", "stream": True}
        return stream(OURS, "/query", body, b"event: token", b"event: done")

    def direct():
        body = {"model": "loopback", "stream": True, "messages": []}
        return stream(GENERATOR, "/v1/chat/completions", body, b"word0", b"[DONE]")

    alone = figures(*await readers(chosen.streams, chosen.seconds, direct), chosen.think_ms)
    through = figures(*await readers(chosen.streams, chosen.seconds, ours), chosen.think_ms)
    server.close()
    return {"streams_at_once": chosen.streams, "generator_alone": alone, "through_us": through,
            "added_p50_ms": round(through["p50_ms"] - alone["p50_ms"], 2),
            "added_p95_ms": round(through["p95_ms"] - alone["p95_ms"], 2)}


async def until_embedded():
    for _ in range(600):
        try:
            reader, writer = await asyncio.open_connection("127.0.0.1", OURS)
            writer.write(b"GET /readyz HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n")
            said = (await reader.read()).partition(b"\r\n\r\n")[2]
            writer.close()
            ready = json.loads(said)
            if ready.get("chunks") and ready["chunks"] == ready.get("chunks_embedded"):
                return
        except (OSError, ValueError):
            pass
        await asyncio.sleep(0.2)
    raise RuntimeError("the handbook is not indexed")


def main():
    arguments = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    arguments.add_argument("binary", type=Path)
    arguments.add_argument("--streams", type=int, default=100)
    arguments.add_argument("--seconds", type=int, default=20)
    arguments.add_argument("--think-ms", type=float, default=300)
    chosen = arguments.parse_args()

    async def run():
        await until_embedded()
        return await measure(chosen)

    with tempfile.TemporaryDirectory() as state, open(Path(state) / "log", "w") as log:
        process = subprocess.Popen(
            [chosen.binary.resolve(), "--data", ROOT / "docs", "--state", Path(state) / "state",
             "--listen", f"127.0.0.1:{OURS}", "--rate-limit-queries-per-minute", "0",
             "--rate-limit-queries-per-day", "0", "--openai-base-url",
             f"http://127.0.0.1:{GENERATOR}/v1", "--openai-model", "loopback"], stderr=log)
        try:
            print(json.dumps(asyncio.run(run()), indent=2))
        finally:
            process.terminate()
            process.wait()


if __name__ == "__main__":
    main()
