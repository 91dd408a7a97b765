#!/usr/bin/env python3
"""The int8 engine beside ONNX Runtime, OpenVINO and candle: same weights, same tokens, same run.

    pip install -r benches/peers/requirements.txt
    cargo bench --bench engine_peer --no-run          # prints the path of the executable
    python3 benches/peers/compare.py PATH_OF_EXECUTABLE [--rounds 7] [--paths avx512-vnni,avx2,portable]

Contenders take turns in every round, so that a noisy neighbour disturbs all of them; a figure is
the median over rounds of each round's best. Prints one JSON object.
"""

import argparse
import json
import os
import platform
import statistics
import sys
import tempfile
import time
from importlib.metadata import version
from pathlib import Path

import numpy as np
import onnxruntime
import openvino

import graph
from ours import CASES, Ours, tokens

ROOT = Path(__file__).resolve().parents[2]
MODEL = ROOT / "models/multilingual-e5-small-q4/model.gguf"


class Onnx:
    """ONNX Runtime on one of the graphs."""

    def __init__(self, path):
        self.path, self.sessions = path, {}

    def open(self, threads):
        if threads not in self.sessions:
            options = onnxruntime.SessionOptions()
            options.intra_op_num_threads = threads
            options.log_severity_level = 3
            session = onnxruntime.InferenceSession(str(self.path), options, providers=["CPUExecutionProvider"])
            names = [i.name for i in session.get_inputs()]
            self.sessions[threads] = lambda feed: session.run(None, {n: feed[n] for n in names})[0]
        return self.sessions[threads]

    def run(self, ids, threads, repeats):
        return timed(self.open(threads), feed(ids), repeats)


class OpenVino(Onnx):
    """OpenVINO, computing in `precision`."""

    def __init__(self, path, precision):
        super().__init__(path)
        self.precision = precision

    def open(self, threads):
        if threads not in self.sessions:
            settings = {
                "INFERENCE_NUM_THREADS": threads,
                "INFERENCE_PRECISION_HINT": self.precision,
                "PERFORMANCE_HINT": "LATENCY",
                "NUM_STREAMS": 1,
            }
            request = openvino.Core().compile_model(str(self.path), "CPU", settings).create_infer_request()
            self.sessions[threads] = lambda feed: list(request.infer(feed).values())[0]
        return self.sessions[threads]


def feed(ids):
    return {"input_ids": ids, "attention_mask": np.ones_like(ids), "token_type_ids": np.zeros_like(ids)}


def timed(run, inputs, repeats):
    times, vectors = [], None
    for _ in range(repeats):
        start = time.perf_counter()
        vectors = run(inputs)
        times.append((time.perf_counter() - start) * 1e3)
    return times, vectors


def graphs(folder):
    """The f32 graph, the one with ONNX Runtime's transformer fusions, and both in dynamic int8."""
    from onnxruntime.quantization import QuantType, quantize_dynamic
    from onnxruntime.transformers import optimizer
    from onnxruntime.transformers.fusion_options import FusionOptions

    paths = {name: folder / f"{name}.onnx" for name in ("f32", "fused", "int8", "fused_int8")}
    heads, hidden = graph.build(str(MODEL), str(paths["f32"]))
    options = FusionOptions("bert")
    options.enable_embed_layer_norm = False
    fused = optimizer.optimize_model(str(paths["f32"]), "bert", heads, hidden, optimization_options=options, opt_level=0)
    fused.save_model_to_file(str(paths["fused"]))
    for plain, int8 in (("f32", "int8"), ("fused", "fused_int8")):
        # 1 is TensorProto.FLOAT: the type of what the fused operators give.
        extra = {"DefaultTensorType": 1}
        quantize_dynamic(str(paths[plain]), str(paths[int8]), weight_type=QuantType.QInt8, extra_options=extra)
    return paths


def main():
    arguments = argparse.ArgumentParser()
    arguments.add_argument("executable")
    arguments.add_argument("--rounds", type=int, default=7)
    arguments.add_argument("--paths", default="avx512-vnni,avx-vnni,avx2,portable")
    arguments.add_argument("--skip", default="", help="contenders to leave out, by the beginning of their names")
    arguments = arguments.parse_args()
    folder = Path(tempfile.mkdtemp())
    paths = graphs(folder)
    contenders = {f"ours {isa}": Ours(arguments.executable, isa) for isa in arguments.paths.split(",")}
    contenders |= {
        "candle f32": Ours(arguments.executable, "candle"),
        "onnxruntime int8": Onnx(paths["int8"]),
        "onnxruntime int8 fused": Onnx(paths["fused_int8"]),
        "onnxruntime f32 fused": Onnx(paths["fused"]),
        "openvino bf16": OpenVino(paths["f32"], "bf16"),
    }
    skipped = tuple(name for name in arguments.skip.split(",") if name)
    contenders = {n: c for n, c in contenders.items() if not (skipped and n.startswith(skipped))}
    rounds = {}
    cosines = {}
    for case, sequences, length, threads, repeats in CASES:
        ids = tokens(sequences, length)
        expected = Onnx(paths["f32"]).run(ids, 2, 1)[1]
        for turn in range(arguments.rounds + 1):
            for name, contender in contenders.items():
                times, vectors = contender.run(ids, threads, repeats if turn else 1)
                cosine = float((vectors * expected).sum(1).min())
                cosines[name] = min(cosines.get(name, 1.0), cosine)
                if turn:  # the first turn only warms up
                    rounds.setdefault((name, case), []).append(min(times) / sequences)
        print(case, file=sys.stderr)
    figures = {}
    for (name, case), times in rounds.items():
        figures.setdefault(name, {"lowest_cosine": round(cosines[name], 4)})[case] = {
            "ms_per_sequence": round(statistics.median(times), 3),
            "spread": [round(min(times), 3), round(max(times), 3)],
        }
    ours = f"ours {arguments.paths.split(',')[0]}"
    time_of = lambda name, case: figures[name][case]["ms_per_sequence"]
    ratios = {
        case: {name: round(time_of(ours, case) / time_of(name, case), 3) for name in contenders if name != ours}
        for case, *_ in CASES
    }
    versions = {name: version(name) for name in ("onnxruntime", "openvino", "numpy")}
    machine = {"cpu": cpu(), "cores": os.cpu_count(), "load": os.getloadavg()[0]}
    print(json.dumps({"machine": machine, "versions": versions, "figures": figures, f"time of {ours} over": ratios}, indent=1))


def cpu():
    try:
        lines = Path("/proc/cpuinfo").read_text().splitlines()
        return next(line.split(": ")[1] for line in lines if line.startswith("model name"))
    except (OSError, StopIteration):
        return platform.processor()


if __name__ == "__main__":
    main()
