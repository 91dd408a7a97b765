"""LlamaIndex's OpenAI classes, as they come."""

import os
import unittest

from llama_index.core.llms import ChatMessage
from llama_index.embeddings.openai import OpenAIEmbedding
from llama_index.llms.openai_like import OpenAILike

QUESTION = "How long does the battery last?"
SERVER = {"api_base": os.environ["RAG_CHATBOT_URL"] + "/v1", "api_key": "anonymous", "max_retries": 0}
ENCODER = "multilingual-e5-small"


class LlamaIndex(unittest.TestCase):
    def test_a_chat_model_answers_whole_and_streamed(self):
        model = OpenAILike(model="docs", is_chat_model=True, **SERVER)
        question = [ChatMessage(role="user", content=QUESTION)]
        self.assertIn("nine hours", str(model.chat(question)))
        pieces = [piece.delta or "" for piece in model.stream_chat(question)]
        self.assertIn("nine hours", "".join(pieces))

    def test_embeddings(self):
        embeddings = OpenAIEmbedding(model_name=ENCODER, **SERVER)
        self.assertEqual(len(embeddings.get_text_embedding(QUESTION)), 384)
