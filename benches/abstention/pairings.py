#!/usr/bin/env python3
"""Asks every labelled corpus its own questions and those of other subjects, and writes the signals
that the decision to answer is made from: what fit.py learns from.

    python3 benches/abstention/pairings.py BINARY SETS OUT.jsonl

Besides the sets, small sites are made of 6, 15 and 40 neighbouring pages of each, and our own
handbook is asked with docs/questions.tsv. Everything is chosen by position, nothing by chance, so
the same sets give the same file. A few minutes on two cores; the indexes are kept in OUT.state.
"""

import json
import re
import shutil
import subprocess
import sys
from collections import Counter
from pathlib import Path

REPOSITORY = Path(__file__).resolve().parents[2]

# Sets with the same text or the same subject: one's questions may well be answered by another.
FAMILIES = {
    "squad_v1_dev": "squad", "xquad_ur_ur": "squad", "xquad_en_ur": "squad", "xquad_ur_en": "squad",
    "xquad_ar_en": "squad", "robotics_ur_en": "robotics", "robotics_en_ur": "robotics",
    "docs_commits_jest": "software", "docs_commits_rn": "software", "documentation": "handbook",
    "cranfield": "cranfield",
}
# Corpora whose headings name things.
NAMED = ("docs_commits_jest", "docs_commits_rn", "robotics_ur_en", "squad_v1_dev", "documentation")
FORMS = ("What is {}?", "What does {} do?", "{} کیا ہے؟", "{}", "{} کیا کرتا ہے؟", "how do I use {}", "{} کیسے استعمال کریں؟")
SITE_PAGES = (6, 15, 40)
SITES_PER_SIZE = 2
OTHERS = 250
OTHERS_OF_A_SITE = 25


def lines(path):
    return [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines() if line.strip()]


def write(path, rows):
    text = "".join(json.dumps(row, ensure_ascii=False) + "\n" for row in rows)
    path.write_text(text, encoding="utf-8")


def spread(rows, count):
    count = min(count, len(rows))
    return [rows[n * len(rows) // count] for n in range(count)]


def handbook_questions():
    rows = (REPOSITORY / "docs" / "questions.tsv").read_text(encoding="utf-8").splitlines()
    asked = [row.split("\t")[0] for row in rows if "\t" in row and not row.startswith("#")]
    return [{"_id": str(n), "text": text} for n, text in enumerate(asked)]


def headings(sets, name):
    """The last of each section's headings, without Markdown's marks."""
    if name == "documentation":
        pages = sorted((REPOSITORY / "docs" / "docs").rglob("*.md"))
        rows = [row for page in pages for row in page.read_text(encoding="utf-8").splitlines()]
        return [row.lstrip("# ").split(" {#")[0] for row in rows if row.startswith("## ")]
    grain = sets / name / "corpus_sections.jsonl"
    rows = lines(grain if grain.is_file() else sets / name / "corpus.jsonl")
    return [row["title"].split(" > ")[-1] for row in rows]


def flags_of_the_handbook():
    pages = sorted((REPOSITORY / "docs" / "docs").rglob("*.md"))
    return re.findall(r"`(--[a-z-]+)`", "".join(page.read_text(encoding="utf-8") for page in pages))


def terms(sets, name):
    """What readers ask for by its name alone: flags, identifiers, abbreviations, subjects."""
    found = headings(sets, name) + (flags_of_the_handbook() if name == "documentation" else [])
    found = [re.split(r"[(\[=`&<]", term.strip().strip("`"))[0].strip().rstrip("\\") for term in found]
    if name == "robotics_ur_en":
        text = " ".join(row["text"] for row in lines(sets / name / "corpus.jsonl"))
        named = [word for word, count in Counter(re.findall(r"\b[A-Z]{3,}\b", text)).items() if count > 2]
    elif name == "squad_v1_dev":
        named = [term for term in found if len(term.split()) <= 3]
    else:
        named = [term for term in found if re.fullmatch(r"\S*([a-z][A-Z]|--|[A-Z]{3}|[a-z]\.[a-z])\S*", term)]
    return sorted({term for term in named if term.isascii()})


def asked_by_name(sets, name):
    """Each term in the next of the forms in which readers ask."""
    chosen = spread(terms(sets, name), OTHERS // 2)
    return [
        {"_id": f"term:{term}", "text": FORMS[n % len(FORMS)].format(term)}
        for n, term in enumerate(chosen)
    ]


def questions(sets):
    """Questions by where they come from."""
    found = {name: lines(sets / name / "queries.jsonl") for name in FAMILIES if (sets / name).is_dir()}
    found["documentation"] = handbook_questions()
    found |= {f"{name}:terms": asked_by_name(sets, name) for name in NAMED}
    found["tatoeba"] = lines(sets / "tatoeba_urd_eng" / "queries.jsonl")
    found["nonsense"] = lines(Path(__file__).with_name("nonsense.jsonl"))
    return found


def others(asked, of_each):
    """`_id` is where a question comes from, a slash, and its own."""
    return [
        {"_id": f"{name}/{row['_id']}", "text": row["text"]}
        for name, rows in asked.items()
        for row in spread(rows, of_each)
    ]


def site(folder, out, start, pages):
    """A set of `pages` neighbouring pages of a set, with the questions that they answer."""
    sections = folder / "corpus_sections.jsonl"
    page_of = lambda entry: entry.split("#")[0]
    order = [row["_id"] for row in lines(folder / "corpus.jsonl")]
    kept = set(order[start:start + pages])
    out.mkdir(parents=True)
    for name in ("corpus.jsonl", "corpus_sections.jsonl"):
        if (folder / name).is_file():
            write(out / name, [row for row in lines(folder / name) if page_of(row["_id"]) in kept or row["_id"] in kept])
    answered = set()
    for name in ("qrels.tsv", "qrels_sections.tsv"):
        if not (folder / name).is_file():
            continue
        head, *rows = (folder / name).read_text(encoding="utf-8").splitlines()
        rows = [row for row in rows if row.split("\t")[1] in kept or page_of(row.split("\t")[1]) in kept]
        (out / name).write_text("\n".join([head, *rows]) + "\n", encoding="utf-8")
        if name == "qrels.tsv":
            answered = {row.split("\t")[0] for row in rows if row.split("\t")[2].strip() not in ("0", "")}
    asked = [row for row in lines(folder / "queries.jsonl") if row["_id"] in answered]
    write(out / "queries.jsonl", asked)
    if not asked or (sections.is_file() and not lines(out / sections.name)):
        shutil.rmtree(out)


def is_of_another_subject(corpus, origin):
    """Our handbook is about software, and has a textbook of robotics."""
    mine, theirs = FAMILIES[corpus], FAMILIES.get(origin)
    software = {"software", "handbook"}
    return mine != theirs and not {mine, theirs} <= software and {mine, theirs} != {"robotics", "handbook"}


def main():
    binary, sets, out = sys.argv[1], Path(sys.argv[2]), Path(sys.argv[3])
    state = Path(f"{out}.state")
    work = state / "sets"
    shutil.rmtree(work, ignore_errors=True)
    work.mkdir(parents=True)
    asked = questions(sets)
    write(state / "others.jsonl", others(asked, OTHERS))
    write(state / "few_others.jsonl", others(asked, OTHERS_OF_A_SITE))
    for name in FAMILIES:
        if name == "documentation" or not (sets / name).is_dir():
            continue
        (work / "whole" / name).parent.mkdir(exist_ok=True)
        if name in NAMED:
            copied = shutil.copytree(sets / name, work / "whole" / name)
            write(copied / "queries.jsonl", lines(sets / name / "queries.jsonl") + asked[f"{name}:terms"])
        else:
            (work / "whole" / name).symlink_to((sets / name).resolve())
        count = len(lines(sets / name / "corpus.jsonl"))
        for pages in SITE_PAGES:
            for n in range(SITES_PER_SIZE):
                start = (2 * n + 1) * count // (2 * SITES_PER_SIZE)
                site(sets / name, work / "sites" / f"{name}.{pages}.{n}", max(0, min(start, count - pages)), pages)

    def run(*arguments):
        common = ("--state", str(state / "index"), "--json")
        subprocess.run([binary, "eval", *arguments, *common], check=True, stdout=subprocess.DEVNULL)

    parts = {name: state / f"{name}.jsonl" for name in ("whole", "sites", "documentation")}
    run(str(work / "whole"), "--unanswerable", str(state / "others.jsonl"), "--signals", str(parts["whole"]))
    run(str(work / "sites"), "--unanswerable", str(state / "few_others.jsonl"), "--signals", str(parts["sites"]))
    own = [row["text"] for row in asked["documentation"] + asked["documentation:terms"]]
    (state / "questions.tsv").write_text("".join(f"{text}\t/\n" for text in own), encoding="utf-8")
    run("--questions", str(state / "questions.tsv"), "--data", str(REPOSITORY / "docs"),
        "--unanswerable", str(state / "others.jsonl"), "--signals", str(parts["documentation"]))

    named = {row["text"] for row in asked["documentation:terms"]}
    rows = []
    for part in parts.values():
        for row in lines(part):
            corpus = row["set"].split(".")[0]
            origin = "own" if row["answerable"] else row["query"].split("/")[0]
            if origin == "own" and (row["query"].startswith("term:") or row["query"] in named):
                origin = "own:terms"
            if origin.startswith("own") or is_of_another_subject(corpus, origin.split(":")[0]):
                rows.append(row | {"corpus": corpus, "family": FAMILIES[corpus], "origin": origin})
    write(out, rows)
    print(f"{len(rows)} questions asked; {out}")


if __name__ == "__main__":
    main()
