"""OpenAI's own SDK for Python, as it comes, against this server."""

import math
import unittest

import openai

QUESTION = [{"role": "user", "content": "How long does the battery last?"}]
ENCODER = "multilingual-e5-small"


class Chat(unittest.TestCase):
    def setUp(self):
        self.client = openai.OpenAI(max_retries=0)
        self.addCleanup(self.client.close)

    def test_an_answer_carries_its_sources_as_links_and_annotations(self):
        completion = self.client.chat.completions.create(model="docs", messages=QUESTION)
        message = completion.choices[0].message
        self.assertIn("nine hours", message.content)
        self.assertEqual(completion.choices[0].finish_reason, "stop")
        citation = message.annotations[0].url_citation
        self.assertTrue(citation.url.endswith("/intro#battery-life"), citation.url)
        linked = message.content[citation.start_index : citation.end_index]
        self.assertEqual(linked, f"[[1]]({citation.url})")

    def test_a_stream_says_the_same_and_ends_with_annotations_and_usage(self):
        whole = self.client.chat.completions.create(model="docs", messages=QUESTION)
        chunks = list(
            self.client.chat.completions.create(
                model="docs", messages=QUESTION, stream=True, stream_options={"include_usage": True}
            )
        )
        text = "".join(chunk.choices[0].delta.content or "" for chunk in chunks if chunk.choices)
        self.assertEqual(text, whole.choices[0].message.content)
        last = chunks[-2].choices[0]
        self.assertEqual(last.finish_reason, "stop")
        annotation = last.delta.annotations[0]["url_citation"]
        self.assertEqual(annotation["url"], whole.choices[0].message.annotations[0].url_citation.url)
        self.assertEqual(chunks[-1].choices, [])
        usage = chunks[-1].usage
        # An answer given before costs nothing.
        self.assertEqual(usage.total_tokens, usage.prompt_tokens + usage.completion_tokens)
        self.assertTrue(all(chunk.usage is None for chunk in chunks[:-1]))

    def test_the_sdks_own_stream_helper_puts_the_answer_together(self):
        with self.client.chat.completions.stream(model="docs", messages=QUESTION) as stream:
            for _ in stream:
                pass
            final = stream.get_final_completion()
        self.assertIn("nine hours", final.choices[0].message.content)

    def test_earlier_messages_are_the_conversation(self):
        messages = [
            {"role": "system", "content": "You are a helpful assistant."},
            *QUESTION,
            {"role": "assistant", "content": "Nine hours."},
            {"role": "user", "content": "And how long does charging it take?"},
        ]
        completion = self.client.chat.completions.create(model="docs", messages=messages)
        self.assertIn("forty minutes", completion.choices[0].message.content)

    def test_a_thousand_turns_are_read(self):
        turns = [
            message
            for n in range(1000)
            for message in (
                {"role": "user", "content": f"Question {n}: what are the wheels made of?"},
                {"role": "assistant", "content": "Of rubber. " * 20},
            )
        ]
        completion = self.client.chat.completions.create(model="docs", messages=[*turns, *QUESTION])
        self.assertIn("nine hours", completion.choices[0].message.content)

    def test_profiles_name_a_locale_or_quoting(self):
        urdu = self.client.chat.completions.create(
            model="docs-quoting", messages=[{"role": "user", "content": "بیٹری کتنی دیر چلتی ہے؟"}]
        )
        self.assertIn("نو گھنٹے", urdu.choices[0].message.content)
        names = [model.id for model in self.client.models.list()]
        self.assertIn("docs-en", names)
        self.assertEqual(self.client.models.retrieve("docs-en").id, "docs-en")

    def test_errors_are_the_sdks_own_exceptions(self):
        ask = self.client.chat.completions.create
        with self.assertRaises(openai.NotFoundError) as unknown:
            ask(model="gpt-4o", messages=QUESTION)
        self.assertEqual(unknown.exception.code, "model_not_found")
        self.assertEqual(unknown.exception.param, "model")
        with self.assertRaises(openai.BadRequestError) as several:
            ask(model="docs", messages=QUESTION, n=2)
        self.assertEqual(several.exception.param, "n")
        with self.assertRaises(openai.BadRequestError) as long:
            ask(model="docs", messages=[{"role": "user", "content": "x" * 501}])
        self.assertEqual(long.exception.code, "string_above_max_length")
        with self.assertRaises(openai.BadRequestError):
            ask(model="docs", messages=[])
        with self.assertRaises(openai.AuthenticationError) as key:
            self.client.with_options(api_key="rk_unknown").models.list()
        self.assertEqual(key.exception.code, "invalid_api_key")


class Embeddings(unittest.TestCase):
    def setUp(self):
        self.client = openai.OpenAI(max_retries=0)
        self.addCleanup(self.client.close)

    def embed(self, model, text, **options):
        return self.client.embeddings.create(model=model, input=text, **options)

    def test_floats_and_base64_are_the_same_numbers_and_the_right_passage_is_nearest(self):
        passages = ["The battery lasts nine hours.", "The wheels are made of rubber."]
        # Without `encoding_format` the SDK asks for base64 and reads it itself.
        vectors = [one.embedding for one in self.embed(f"{ENCODER}-passage", passages).data]
        floats = self.embed(f"{ENCODER}-passage", passages, encoding_format="float")
        for mine, theirs in zip(vectors, floats.data):
            for a, b in zip(mine, theirs.embedding):
                self.assertAlmostEqual(a, b, places=6)
        question = self.embed(f"{ENCODER}-query", "How long does it run on one charge?")
        query = question.data[0].embedding
        self.assertEqual(len(query), 384)
        scores = [sum(a * b for a, b in zip(query, vector)) for vector in vectors]
        self.assertGreater(scores[0], scores[1])
        self.assertGreater(question.usage.prompt_tokens, 0)

    def test_dimensions_shorten_and_the_length_stays_one(self):
        vector = self.embed(ENCODER, "a", dimensions=64).data[0].embedding
        self.assertEqual(len(vector), 64)
        self.assertAlmostEqual(math.hypot(*vector), 1.0, places=4)
        with self.assertRaises(openai.BadRequestError) as wrong:
            self.embed(ENCODER, "a", dimensions=385)
        self.assertEqual(wrong.exception.param, "dimensions")

    def test_what_cannot_be_embedded_is_said(self):
        for text in ["", [], [[1, 2, 3]], "word " * 600, ["rover " * 400] * 100]:
            with self.assertRaises(openai.BadRequestError) as wrong:
                self.embed(ENCODER, text)
            self.assertEqual(wrong.exception.param, "input")


class Async(unittest.IsolatedAsyncioTestCase):
    async def test_whole_and_streamed_answers_are_the_same(self):
        async with openai.AsyncOpenAI(max_retries=0) as client:
            whole = await client.chat.completions.create(model="docs", messages=QUESTION)
            text = ""
            stream = await client.chat.completions.create(model="docs", messages=QUESTION, stream=True)
            async for chunk in stream:
                text += chunk.choices[0].delta.content or ""
            self.assertEqual(text, whole.choices[0].message.content)

    async def test_a_client_that_leaves_a_stream_leaves_the_server_well(self):
        async with openai.AsyncOpenAI(max_retries=0) as client:
            for _ in range(20):
                stream = await client.chat.completions.create(model="docs", messages=QUESTION, stream=True)
                await stream.close()
            answer = await client.chat.completions.create(model="docs", messages=QUESTION)
            self.assertIn("nine hours", answer.choices[0].message.content)
