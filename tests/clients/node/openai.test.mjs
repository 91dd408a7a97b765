/** OpenAI's own SDK for JavaScript, as it comes, against this server. */

import assert from "node:assert/strict";
import { test } from "node:test";
import OpenAI from "openai";

const client = new OpenAI({ maxRetries: 0 });
const messages = [{ role: "user", content: "How long does the battery last?" }];

test("an answer carries its sources as links and annotations", async () => {
  const completion = await client.chat.completions.create({ model: "docs", messages });
  const { message } = completion.choices[0];
  assert.match(message.content, /nine hours/);
  const { url, start_index, end_index } = message.annotations[0].url_citation;
  assert.ok(url.endsWith("/intro#battery-life"), url);
  assert.equal([...message.content].slice(start_index, end_index).join(""), `[[1]](${url})`);
});

test("a stream says the same, and its last chunk has the annotations", async () => {
  const whole = await client.chat.completions.create({ model: "docs", messages });
  const stream = await client.chat.completions.create({
    model: "docs",
    messages,
    stream: true,
    stream_options: { include_usage: true },
  });
  let text = "";
  let finished;
  let usage;
  for await (const chunk of stream) {
    text += chunk.choices[0]?.delta.content ?? "";
    if (chunk.choices[0]?.finish_reason) finished = chunk.choices[0];
    usage = chunk.usage ?? usage;
  }
  assert.equal(text, whole.choices[0].message.content);
  assert.equal(finished.finish_reason, "stop");
  assert.equal(finished.delta.annotations[0].type, "url_citation");
  // An answer given before costs nothing.
  assert.equal(usage.total_tokens, usage.prompt_tokens + usage.completion_tokens);
});

test("the SDK's own runner puts a stream together", async () => {
  const runner = client.chat.completions.stream({ model: "docs", messages });
  assert.match(await runner.finalContent(), /nine hours/);
});

test("a stream that is left stops", async () => {
  const stream = await client.chat.completions.create({ model: "docs", messages, stream: true });
  stream.controller.abort();
  assert.match((await client.chat.completions.create({ model: "docs", messages })).choices[0].message.content, /nine/);
});

test("models are listed and embeddings come as numbers", async () => {
  const names = [];
  for await (const model of client.models.list()) names.push(model.id);
  assert.ok(names.includes("docs") && names.includes("docs-quoting"));
  for (const encoding_format of [undefined, "float", "base64"]) {
    const { data } = await client.embeddings.create({ model: "multilingual-e5-small", input: ["a", "b"], encoding_format });
    assert.equal(data.length, 2);
    const size = encoding_format === "base64" ? Buffer.from(data[0].embedding, "base64").length / 4 : data[0].embedding.length;
    assert.equal(size, 384);
  }
});

test("errors are the SDK's own", async () => {
  const ask = (more) => client.chat.completions.create({ model: "docs", messages, ...more });
  await assert.rejects(ask({ model: "gpt-4o" }), (error) => error instanceof OpenAI.NotFoundError && error.code === "model_not_found");
  await assert.rejects(ask({ n: 2 }), (error) => error instanceof OpenAI.BadRequestError && error.param === "n");
  await assert.rejects(
    new OpenAI({ apiKey: "rk_unknown", maxRetries: 0 }).models.list(),
    (error) => error instanceof OpenAI.AuthenticationError,
  );
});
