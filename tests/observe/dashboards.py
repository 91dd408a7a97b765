"""Reads dashboards into Grafana's own model of them; says which fields the model does not know.

Arguments: the files. What the model knows comes back out of it with the same value; what it does not
know is lost, and Grafana would not look at it either.
"""

import json
import sys

from grafana_foundation_sdk.cog.encoder import JSONEncoder
from grafana_foundation_sdk.models import prometheus, stat, timeseries
from grafana_foundation_sdk.cog import runtime
from grafana_foundation_sdk.models.dashboard import Dashboard

for module in (prometheus, stat, timeseries):
    variant = module.variant_config()
    if hasattr(variant, "options_from_json_hook"):
        runtime.register_panelcfg_variant(variant)
    else:
        runtime.register_dataquery_variant(variant)


def lost(before, after, path):
    if isinstance(before, dict) and isinstance(after, dict):
        for key, value in before.items():
            if key not in after:
                # The model leaves out what is as it would be without it.
                if value not in (None, False, "", [], {}):
                    yield f"{path}.{key}"
            else:
                yield from lost(value, after[key], f"{path}.{key}")
    elif isinstance(before, list) and isinstance(after, list) and len(before) == len(after):
        for index, (one, other) in enumerate(zip(before, after)):
            yield from lost(one, other, f"{path}[{index}]")
    elif before != after:
        yield f"{path}: {before!r} became {after!r}"


failed = False
for name in sys.argv[1:]:
    with open(name, encoding="utf-8") as file:
        written = json.load(file)
    read = json.loads(json.dumps(Dashboard.from_json(written), cls=JSONEncoder))
    for path in lost(written, read, ""):
        failed = True
        print(f"{name}: {path}")
sys.exit(failed)
