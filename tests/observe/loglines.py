"""What the files of deploy/logging make of lines of the program's log.

Reads the log on stdin; prints, as JSON, the lines as Alloy's stages label them (`loki`) and as Logstash's
filter renames their fields (`elastic`). It takes the expressions, patterns and names out of those files, so
that what is tested is what is deployed; the products themselves are not here.
"""

import json
import pathlib
import re
import sys
from datetime import datetime

import jmespath

LOGGING = pathlib.Path(__file__).parents[2] / "deploy/logging"


def pairs(text, between):
    return dict(re.findall(rf'"([^"]+)"\s*{between}\s*"([^"]*)"', text))


def block(text, name, after=""):
    """The braces of the first block called `name` after `after`."""
    begin = text.index(name, text.index(after))
    depth = 0
    for at in range(text.index("{", begin), len(text)):
        depth += {"{": 1, "}": -1}.get(text[at], 0)
        if depth == 0:
            return text[begin : at + 1]
    raise ValueError(f"{name} has no end")


def alloy(line):
    text = (LOGGING / "rag.alloy").read_text()
    lines = block(text, 'loki.process "lines"')
    stage = block(lines, "stage.json")
    try:
        parsed = json.loads(line)
    except ValueError:
        if "drop_malformed = true" in stage:
            return None
        raise
    extracted = {name: jmespath.search(path, parsed) for name, path in pairs(stage, "=").items()}
    at = block(lines, "stage.timestamp")
    assert '"RFC3339Nano"' in at
    source = re.search(r'source\s*=\s*"(\w+)"', at)[1]
    name, value, yes, no = re.search(
        r'eq \.(\w+) \\"(\w+)\\" \}\}(\w+)\{\{ else \}\}(\w+)', block(lines, "stage.template")
    ).groups()
    extracted["kind"] = yes if extracted[name] == value else no
    names = lambda stage: {name: extracted.get(value or name) for name, value in pairs(block(lines, stage), "=").items()}
    return {
        "at": datetime.fromisoformat(extracted[source].replace("Z", "+00:00")).timestamp(),
        "labels": names("stage.labels"),
        "metadata": names("stage.structured_metadata"),
        "line": parsed,
    }


def unwrapped(line):
    """A line within Docker's own, as the first process takes it out; None for another container's."""
    docker = block((LOGGING / "rag.alloy").read_text(), 'loki.process "docker"')
    parsed = json.loads(line)
    extracted = {name: jmespath.search(path, parsed) for name, path in pairs(block(docker, "stage.json"), "=").items()}
    only = re.search(r'tag!=\\"([\w-]+)\\"', block(docker, "stage.match"))[1]
    if extracted["tag"] != only:
        return None
    return extracted[re.search(r'source\s*=\s*"(\w+)"', block(docker, "stage.output"))[1]]


def put(document, path, value):
    *parents, last = path
    for name in parents:
        document = document.setdefault(name, {})
    document[last] = value


def elastic(line):
    beat = (LOGGING / "elastic/filebeat.yml").read_text()
    if not re.search(re.search(r"include_lines: \['(.+)'\]", beat)[1], line):
        return None
    text = (LOGGING / "elastic/rag.conf").read_text()
    fields = lambda name: re.findall(r"\w+", name)
    try:
        rest = {"rag": json.loads(line)}
    except ValueError:
        rest = {}
    dropped = re.search(r"if !(\S+) \{\s*drop", text)[1]
    if fields(dropped)[1] not in rest.get("rag", {}):
        return None
    document = {}
    source = fields(re.search(r'match => \["(\S+)", "ISO8601"\]', text)[1])
    document["@timestamp"] = rest["rag"].pop(source[1])
    datetime.fromisoformat(document["@timestamp"].replace("Z", "+00:00"))
    for old, new in pairs(block(text, "rename => {"), "=>").items():
        if fields(old)[1] in rest["rag"]:
            put(document, fields(new), rest["rag"].pop(fields(old)[1]))
    put(document, ["service", "name"], "rag-chatbot")
    document["rag"] = rest["rag"]
    name, value = re.search(r'if \[rag\]\[(\w+)\] == "(\w+)"', text).groups()
    datasets = re.findall(r'"\[data_stream\]\[dataset\]" => "([\w.]+)"', text)
    dataset = datasets[0 if document["rag"].get(name) == value else 1]
    template = json.loads((LOGGING / f"elastic/{dataset}.json").read_text())["template"]
    return {"dataset": dataset, "document": document, "kept": template["settings"]["index.lifecycle.name"],
            "unmapped": list(unmapped(document, template["mappings"]))}


FITS = {"keyword": str, "constant_keyword": str, "text": str, "match_only_text": str, "date": str, "short": int, "float": (int, float)}


def unmapped(value, mapping, path=""):
    """Fields that the template does not know, where it takes no others, or knows as something else."""
    properties = mapping.get("properties", {})
    for name, inner in value.items():
        known = properties.get(name)
        if known is None:
            if not mapping.get("dynamic"):
                yield f"{path}{name}"
        elif isinstance(inner, dict):
            yield from unmapped(inner, known, f"{path}{name}.")
        elif not isinstance(inner, FITS[known["type"]]) or isinstance(inner, bool):
            yield f"{path}{name} is a {known['type']}, not {inner!r}"


log = [line for line in sys.stdin.read().split("\n") if line]
docker = [json.dumps({"log": line + "\n", "stream": "stderr", "attrs": {"tag": "rag-chatbot"}, "time": "2025-01-01T00:00:00Z"}) for line in log]
docker.append(json.dumps({"log": log[0], "stream": "stdout", "time": "2025-01-01T00:00:00Z"}))
json.dump({
    "loki": [found for line in log if (found := alloy(line))],
    "docker": [found for line in docker if (inner := unwrapped(line)) and (found := alloy(inner))],
    "elastic": [found for line in log if (found := elastic(line))],
}, sys.stdout)
