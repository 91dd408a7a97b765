"""LangChain's OpenAI classes, as they come."""

import unittest

from langchain_core.messages import AIMessage, HumanMessage, SystemMessage
from langchain_openai import ChatOpenAI, OpenAIEmbeddings

QUESTION = "How long does the battery last?"
ENCODER = "multilingual-e5-small"


class LangChain(unittest.TestCase):
    def test_a_chat_model_answers_whole_and_streamed(self):
        model = ChatOpenAI(model="docs", max_retries=0)
        self.assertIn("nine hours", model.invoke(QUESTION).text)
        self.assertIn("nine hours", "".join(chunk.text for chunk in model.stream(QUESTION)))

    def test_a_conversation_goes_on(self):
        model = ChatOpenAI(model="docs", max_retries=0, temperature=0.2)
        answer = model.invoke(
            [
                SystemMessage("Be brief."),
                HumanMessage(QUESTION),
                AIMessage("Nine hours."),
                HumanMessage("And how long does charging it take?"),
            ]
        )
        self.assertIn("forty minutes", answer.text)

    def test_embeddings_are_of_texts_not_of_tokens(self):
        embeddings = OpenAIEmbeddings(model=ENCODER, check_embedding_ctx_length=False, max_retries=0)
        self.assertEqual(len(embeddings.embed_query(QUESTION)), 384)
        self.assertEqual(len(embeddings.embed_documents(["one", "two"])), 2)
