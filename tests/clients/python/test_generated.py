"""A client generated from the OpenAPI document by a public generator asks a question."""

import importlib
import json
import os
import subprocess
import sys
import tempfile
import unittest
import urllib.request
from pathlib import Path

URL = os.environ["RAG_CHATBOT_URL"]


class Generated(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        folder = tempfile.TemporaryDirectory()
        cls.addClassCleanup(folder.cleanup)
        here = Path(folder.name)
        with urllib.request.urlopen(f"{URL}/openapi.json") as answer:
            (here / "openapi.json").write_bytes(answer.read())
        # The generator would call a formatter of its own choosing.
        (here / "config.json").write_text(json.dumps({"post_hooks": []}))
        command = [Path(sys.executable).parent / "openapi-python-client", "generate", "--meta", "none"]
        options = ["--path", "openapi.json", "--config", "config.json", "--output-path", "documentation_client"]
        made = subprocess.run([*command, *options], cwd=here, capture_output=True, text=True)
        assert made.returncode == 0, made.stdout + made.stderr
        assert "may be missing" not in made.stdout, made.stdout
        sys.path.insert(0, str(here))
        cls.addClassCleanup(sys.path.remove, str(here))

    def part(self, name):
        return importlib.import_module(f"documentation_client.{name}")

    def test_it_asks_and_reads_the_answer(self):
        client = self.part("client").Client(base_url=URL)
        body = self.part("models").QueryBody(query="How long does the battery last?")
        answer = self.part("api.questions.query").sync(client=client, body=body)
        self.assertIn("nine hours", answer.answer)
        self.assertEqual(answer.sources[0].url, "/intro#battery-life")
        self.assertFalse(answer.abstained)

    def test_it_searches_and_sees_problems(self):
        client = self.part("client").Client(base_url=URL)
        found = self.part("api.questions.sections").sync(client=client, q="wheels of rubber", limit=2)
        self.assertEqual(found.results[0].url, "/intro#wheels")
        problem = self.part("api.questions.sections").sync(client=client, q="")
        self.assertEqual(problem.code, "query_empty")
