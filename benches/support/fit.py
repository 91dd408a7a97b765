#!/usr/bin/env python3
"""Learns when a sentence is supported (src/answer/support) from labelled claims.

    SUPPORT_SIGNALS=/tmp/support.jsonl cargo test --release --lib answer::support::measured
    python3 benches/support/fit.py /tmp/support.jsonl

Claims are held against their own paragraph, the next one of the same page and one from elsewhere.
Within one language, the share of the terms and the nearness are weighed by a logistic; learned from
answers alone, because sentences as they stand teach nothing of other words; across languages nearness
alone decides. Printed is what 97 % of the claims reach in their own paragraphs. Needs numpy.
"""

import json
import sys
from collections import defaultdict

import numpy as np

# Kinds that say what their paragraph says.
TRUE = ("sentence", "shortened", "answer", "translation")
SUPPORTED_BY_THEIR_OWN = 0.97


def logistic(x, y, w):
    x = np.column_stack([x, np.ones(len(x))])
    b = np.zeros(x.shape[1])
    for _ in range(100):
        p = 1 / (1 + np.exp(-np.clip(x @ b, -30, 30)))
        hessian = (x * (w * p * (1 - p))[:, None]).T @ x + 1e-9 * np.eye(x.shape[1])
        step = np.linalg.solve(hessian, x.T @ (w * (p - y)) + 1e-4 * np.append(b[:-1], 0))
        b -= step
        if np.abs(step).max() < 1e-9:
            break
    return b


def equal(rows):
    groups = defaultdict(list)
    for at, row in enumerate(rows):
        groups[row["set"], row["kind"], row["against"] == "own"].append(at)
    w = np.zeros(len(rows))
    for members in groups.values():
        w[members] = 1 / len(members)
    own = np.array([row["against"] == "own" for row in rows])
    w[own] /= w[own].sum()
    w[~own] /= w[~own].sum()
    return w / 2


def bar_of(score, own, w):
    order = np.argsort(score[own])
    below = np.cumsum(w[own][order]) / w[own].sum()
    return score[own][order][np.searchsorted(below, 1 - SUPPORTED_BY_THEIR_OWN)]


def table(rows, score, bar):
    groups = defaultdict(list)
    for row, value in zip(rows, score):
        groups[row["set"], row["kind"], row["against"]].append((value >= bar, row["by_words"]))
    for (name, kind, against), found in sorted(groups.items()):
        here, words = np.mean(found, axis=0)
        print(f"  {name:18} {kind:12} {against:10} {here:6.1%}, by words alone {words:6.1%} of {len(found)}")


def main():
    rows = [json.loads(line) for line in open(sys.argv[1], encoding="utf-8")]
    rows = [row for row in rows if row["kind"] in TRUE and not row["set"].startswith("ours")]
    for name, chosen in (
        ("within one language", [row for row in rows if not row["across"] and row["share"] is not None and row["kind"] == "answer"]),
        ("across languages", [row for row in rows if row["across"]]),
    ):
        own = np.array([row["against"] == "own" for row in chosen])
        w = equal(chosen)
        near = np.array([row["nearness"] for row in chosen])
        if name.startswith("within"):
            share = np.array([row["share"] for row in chosen])
            b = logistic(np.column_stack([share, near]), own, w)
            score = share + b[1] / b[0] * near
            print(f"{name}: share + {b[1] / b[0]:.2f} × nearness; even chances at {-b[2] / b[0]:.2f}")
        else:
            b = logistic(near[:, None], own, w)
            score = near
            print(f"{name}: nearness; even chances at {-b[1] / b[0]:.2f}")
        bar = bar_of(score, own, w)
        print(f"  {SUPPORTED_BY_THEIR_OWN:.0%} of the claims reach {bar:.3f}")
        table(chosen, score, bar)


if __name__ == "__main__":
    main()
