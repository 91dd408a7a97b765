"""Our encoders, over the line of JSON that engine_peer speaks, and what all contenders encode."""

import json
import os
import subprocess

import numpy as np

# (name, sequences, tokens, threads, runs per round)
CASES = [
    ("query_12_1t", 1, 12, 1, 30),
    ("batch_128_2t", 16, 128, 2, 2),
    ("batch_256_2t", 8, 256, 2, 2),
]


class Ours:
    """One of our engines, in a process of its own per number of threads."""

    def __init__(self, executable, engine):
        self.executable, self.engine, self.processes = executable, engine, {}

    def run(self, ids, threads, repeats):
        if threads not in self.processes:
            environment = dict(os.environ, RAYON_NUM_THREADS=str(threads))
            self.processes[threads] = subprocess.Popen(
                [self.executable, "serve"], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, env=environment
            )
        process = self.processes[threads]
        request = {"engine": self.engine, "threads": threads, "sequences": ids.tolist(), "repeats": repeats}
        process.stdin.write(json.dumps(request) + "\n")
        process.stdin.flush()
        answer = json.loads(process.stdout.readline())
        return answer["times_ms"], np.array(answer["vectors"], np.float32)


def tokens(sequences, length):
    """Ids spread over the vocabulary, as in benches/engine.rs."""
    return (np.arange(sequences * length, dtype=np.int64) * 7919 % 130086).reshape(sequences, length)
