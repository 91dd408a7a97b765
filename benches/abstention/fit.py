#!/usr/bin/env python3
"""Learns the weights of src/retrieval/answerable.rs from what pairings.py wrote.

    python3 benches/abstention/fit.py SIGNALS.jsonl

A logistic with a small penalty, by Newton's method. Every family of sets weighs the same, within it
every corpus and every origin of questions, whatever their numbers, and each size of small sites .3 of
that; questions with an answer weigh as much as those without. Our own handbook is only tried on. Arabic questions are left out: nobody can tell those on the subject from others.

The constant is one for all: between what refuses 97.2 % of the questions of another subject and what
refuses 1.8 % of its own, each in the hardest of three pairings, and near to the first.

Printed: for each family the AUC of weights that were learned without it, then the weights learned
from all, and what they do on each pairing. Needs numpy.
"""

import json
import sys
from collections import defaultdict

import numpy as np

FEATURES = (
    "above_usual nearness_above_usual nearness_across matched evidence headed headed_across agreement"
).split()
PENALTY = 3e-4
WEIGHT_OF_SITES = 0.3
LEFT_OUT = ("xquad_ar_en",)
ONLY_TRIED_ON = "documentation"
TOWARD_REFUSING = 0.1
HARDEST = (
    ("docs_commits_jest", "squad_v1_dev"),
    ("docs_commits_rn", "squad_v1_dev"),
    ("robotics_ur_en", "xquad_ur_ur"),
)


class Asked:
    """All questions as columns."""

    def __init__(self, path):
        rows = [json.loads(line) for line in open(path, encoding="utf-8")]
        self.rows = [row for row in rows if row["corpus"] not in LEFT_OUT]
        for row in self.rows:
            signals = row["signals"]
            for name, of in (("nearness_across", "nearness_above_usual"), ("headed_across", "headed")):
                signals[name] = signals[of] * signals["across_scripts"]
        column = lambda name: np.array([row[name] for row in self.rows])
        self.corpus, self.family, self.origin = column("corpus"), column("family"), column("origin")
        self.answerable = column("answerable")
        self.pages = np.array([row["set"].split(".")[1] if "." in row["set"] else "all" for row in self.rows])
        self.signals = np.array([[float(row["signals"][name]) for name in FEATURES] + [1.0] for row in self.rows])
        self.weights = self.weigh()

    def weigh(self):
        groups = defaultdict(list)
        for at, row in enumerate(self.rows):
            groups[row["answerable"], row["corpus"], self.pages[at], row["origin"]].append(at)
        origins = defaultdict(int)
        for answerable, corpus, pages, _ in groups:
            origins[answerable, corpus, pages] += 1
        w = np.zeros(len(self.rows))
        for (answerable, corpus, pages, _), members in groups.items():
            part = 1.0 if pages == "all" else WEIGHT_OF_SITES
            w[members] = part / (origins[answerable, corpus, pages] * len(members))
        for answerable in (True, False):
            for family in set(self.family):
                mine = (self.family == family) & (self.answerable == answerable)
                w[mine] /= w[mine].sum()
        w[self.corpus == ONLY_TRIED_ON] = 0
        return w / w.sum()


def learn(x, y, w):
    scale = np.sqrt((w[:, None] * x**2).sum(0) / w.sum())
    scale[-1] = 1
    z = x / scale
    w = w / w.sum()
    b = np.zeros(x.shape[1])
    penalty = np.full(x.shape[1], PENALTY)
    penalty[-1] = 0
    for _ in range(60):
        p = 1 / (1 + np.exp(-np.clip(z @ b, -30, 30)))
        gradient = z.T @ (w * (p - y)) + penalty * b
        hessian = (z * (w * p * (1 - p))[:, None]).T @ z + np.diag(penalty + 1e-12)
        step = np.linalg.solve(hessian, gradient)
        b -= step
        if np.abs(step).max() < 1e-8:
            break
    return b / scale


def auc(larger, smaller):
    both = np.concatenate([larger, smaller])
    _, inverse, counts = np.unique(both, return_inverse=True, return_counts=True)
    ranks = (np.cumsum(counts) - (counts - 1) / 2)[inverse]
    n = len(larger)
    return (ranks[:n].sum() - n * (n + 1) / 2) / (n * len(smaller))


def held_out(asked):
    """Each family's AUC, by weights that were learned without its corpora and its questions."""
    for family in sorted(set(asked.family)):
        mine = asked.family == family
        corpora = sorted(set(asked.corpus[mine]))
        kin = {*corpora, *(f"{name}:terms" for name in corpora)}
        others = ~mine & ~np.isin(asked.origin, sorted(kin))
        score = asked.signals @ learn(asked.signals[others], asked.answerable[others], asked.weights[others])
        found = []
        for chosen in (asked.pages == "all", asked.pages != "all"):
            each = []
            for corpus in corpora:
                here = chosen & (asked.corpus == corpus)
                own, other = score[here & asked.answerable], score[here & ~asked.answerable]
                if len(own) and len(other):
                    each.append(auc(own, other))
            found.append(f"{np.mean(each):.4f}" if each else "")
        print(f"  {family:12}", *found)


def main():
    asked = Asked(sys.argv[1])
    print("learned without the family it is tried on: AUC of whole sets, of small sites")
    held_out(asked)
    b = learn(asked.signals, asked.answerable, asked.weights)
    score = asked.signals @ b
    whole = asked.pages == "all"

    def of(corpus, origin):
        return score[whole & (asked.corpus == corpus) & (asked.origin == origin)]

    low = max(np.quantile(of(corpus, other), 0.972) for corpus, other in HARDEST)
    high = min(np.quantile(of(corpus, "own"), 0.018) for corpus, _ in HARDEST)
    bar = low + TOWARD_REFUSING * (high - low)
    b[-1] -= bar
    score -= bar
    print(f"weights from all; the constant lies between {-low:.2f} and {-high:.2f} from where both kinds weigh the same")
    for name, value in zip([*FEATURES, "constant"], b):
        print(f"  {name}: {value:.2f}")
    print("whole sets: AUC, refused of the others, by where they come from")
    for corpus in sorted(set(asked.corpus)):
        own, terms = of(corpus, "own"), of(corpus, "own:terms")
        named = f", of terms {np.mean(terms < 0):.1%}" if len(terms) else ""
        print(f"{corpus}: refused of its own {np.mean(own < 0):.1%}{named}")
        for origin in sorted(set(asked.origin[whole & (asked.corpus == corpus) & ~asked.answerable])):
            other = of(corpus, origin)
            print(f"  {origin:24} {auc(own, other):.4f} {np.mean(other < 0):6.1%}")
    for pages in ("6", "15", "40"):
        here = asked.pages == pages
        own, other = score[here & asked.answerable], score[here & ~asked.answerable]
        print(f"sites of {pages:2} pages: refused of their own {np.mean(own < 0):.1%} of {len(own)}, of the others {np.mean(other < 0):.1%}")


if __name__ == "__main__":
    main()
