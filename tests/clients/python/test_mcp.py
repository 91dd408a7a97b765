"""The official Python SDK of the Model Context Protocol, over both transports."""

import asyncio
import os
import tempfile
import unittest

from mcp import Client, MCPError, StdioServerParameters

URL = os.environ["RAG_CHATBOT_URL"] + "/mcp"


class Agent:
    """What every transport must do; the classes below say which one."""

    def server(self):
        raise NotImplementedError

    async def call(self, client, name, arguments):
        result = await client.call_tool(name, arguments)
        # Over the standard streams the index may still be being made.
        for _ in range(600):
            if not (result.is_error and "still being read" in result.content[0].text):
                break
            await asyncio.sleep(0.1)
            result = await client.call_tool(name, arguments)
        return result

    async def test_tools_are_listed_as_read_only_with_shapes(self):
        async with Client(self.server()) as client:
            tools = {tool.name: tool for tool in (await client.list_tools()).tools}
            self.assertEqual(set(tools), {"search_docs", "search", "fetch", "ask_docs"})
            for tool in tools.values():
                self.assertTrue(tool.annotations.read_only_hint)
                self.assertEqual(tool.output_schema["type"], "object")

    async def test_what_is_found_can_be_fetched(self):
        async with Client(self.server()) as client:
            found = await self.call(client, "search_docs", {"query": "How long does the battery last?", "limit": 3})
            first = found.structured_content["results"][0]
            self.assertEqual(first["id"], "/intro#battery-life")
            section = await client.call_tool("fetch", {"id": first["id"]})
            text = section.structured_content["text"]
            self.assertTrue(text.startswith("## Battery life"), text)
            self.assertNotIn("Wheels", text)
            page = await client.call_tool("fetch", {"url": first["url"].split("#")[0]})
            self.assertIn("Wheels", page.structured_content["text"])
            alias = await client.call_tool("search", {"query": "wheels of rubber"})
            self.assertEqual(alias.structured_content["results"][0]["id"], "/intro#wheels")

    async def test_a_search_can_be_kept_to_a_part(self):
        async with Client(self.server()) as client:
            found = await self.call(client, "search_docs", {"query": "camera battery", "path": "/guides"})
            ids = [one["id"] for one in found.structured_content["results"]]
            self.assertTrue(ids and all(one.startswith("/guides") for one in ids), ids)

    async def test_an_answer_has_sources(self):
        async with Client(self.server()) as client:
            answered = await self.call(client, "ask_docs", {"question": "How long does the battery last?"})
            answer = answered.structured_content
            self.assertIn("nine hours", answer["answer"])
            self.assertFalse(answer["abstained"])
            self.assertEqual(answer["sources"][0]["id"], "/intro#battery-life")
            self.assertIn("nine hours", answered.content[0].text)

    async def test_pages_are_resources(self):
        async with Client(self.server()) as client:
            await self.call(client, "search", {"query": "wheels"})
            uris = [str(one.uri) for one in (await client.list_resources()).resources]
            self.assertIn("docs:///guides/safety", uris)
            read = await client.read_resource("docs:///guides/safety")
            self.assertIn("red button", read.contents[0].text)
            self.assertEqual(read.contents[0].mime_type, "text/markdown")
            templates = (await client.list_resource_templates()).resource_templates
            self.assertIn("docs:///{+path}", [one.uri_template for one in templates])
            with self.assertRaises(MCPError):
                await client.read_resource("docs:///no/such/page")

    async def test_wrong_arguments_are_said_to_the_model_and_unknown_tools_to_the_client(self):
        async with Client(self.server()) as client:
            await self.call(client, "search", {"query": "wheels"})
            for arguments in [{}, {"query": 1}, {"query": ""}, {"query": "a", "limit": 51}, {"query": "a", "colour": "red"}]:
                wrong = await client.call_tool("search_docs", arguments)
                self.assertTrue(wrong.is_error, arguments)
            missing = await client.call_tool("fetch", {"id": "/no/such/page"})
            self.assertIn("no page", missing.content[0].text)
            with self.assertRaises(MCPError):
                await client.call_tool("no_such_tool", {})


class OverHttp(Agent, unittest.IsolatedAsyncioTestCase):
    def server(self):
        return URL

    async def test_a_hundred_sessions_ask_at_once(self):
        async def ask(n):
            async with Client(URL, mode="legacy") as client:
                found = await client.call_tool("search_docs", {"query": f"battery {n}"})
                return found.is_error

        errors = await asyncio.gather(*(ask(n) for n in range(100)))
        self.assertEqual(errors, [False] * 100)

    async def test_earlier_protocol_versions_are_spoken_too(self):
        async with Client(URL, mode="legacy") as client:
            self.assertIn("search_docs", [tool.name for tool in (await client.list_tools()).tools])


class OverStandardStreams(Agent, unittest.IsolatedAsyncioTestCase):
    def server(self):
        state = tempfile.TemporaryDirectory()
        self.addCleanup(state.cleanup)
        return StdioServerParameters(
            command=os.environ["RAG_CHATBOT_BIN"],
            args=["mcp", "--data", os.environ["RAG_CHATBOT_HANDBOOK"], "--state", state.name],
        )
