/**
 * A small OpenAI-compatible server on loopback: it answers from the numbered passages of the prompt,
 * with their own sentences, so that what it says is supported. A test can slow it, hold it in the
 * middle of an answer, or let it fail.
 */

import { createServer } from "node:http";
import { once } from "node:events";

/** What the answer is when the prompt brings no passage that shares a word with the question. */
const UNKNOWN = "The passages do not say.";

export async function startUpstream() {
  const upstream = {
    url: "",
    /** Questions asked, newest last. */
    prompts: [],
    /** Headers of the questions asked, newest last. */
    headers: [],
    /** Status of the next answers; 200 answers. */
    status: 200,
    /** Text to answer with instead of the passages' sentences. */
    says: undefined,
    holding: undefined,
    /** Before each answer. */
    delay_ms: 0,
    /** Stops in the middle of the next answers to these questions, until `release`. */
    hold(questions = /(?:)/) {
      this.holding = questions;
    },
    release() {
      this.holding = undefined;
      for (const goOn of waiting.splice(0)) goOn();
    },
    reset() {
      this.release();
      this.status = 200;
      this.says = undefined;
      this.delay_ms = 0;
      this.prompts.length = 0;
      this.headers.length = 0;
    },
    close() {
      this.release();
      server.closeAllConnections();
      server.close();
    },
  };
  const waiting = [];

  const server = createServer(async (request, response) => {
    let body = "";
    for await (const part of request) body += part;
    if (!request.url.endsWith("/chat/completions")) return json(response, 200, { object: "list", data: [] });
    const { messages, stream, model } = JSON.parse(body);
    upstream.prompts.push(messages);
    upstream.headers.push(request.headers);
    if (upstream.delay_ms > 0) await new Promise((resolve) => setTimeout(resolve, upstream.delay_ms));
    if (upstream.status !== 200) {
      return json(response, upstream.status, { error: { message: "told to fail", type: "server_error" } });
    }
    const text = upstream.says ?? answerFrom(messages);
    const usage = { prompt_tokens: 100, completion_tokens: 20, total_tokens: 120 };
    if (!stream) {
      return json(response, 200, {
        id: "c1",
        object: "chat.completion",
        model,
        choices: [{ index: 0, message: { role: "assistant", content: text }, finish_reason: "stop" }],
        usage,
      });
    }
    response.writeHead(200, { "content-type": "text/event-stream" });
    const send = (delta, finish_reason = null) =>
      response.write(
        `data: ${JSON.stringify({ id: "c1", object: "chat.completion.chunk", model, choices: [{ index: 0, delta, finish_reason }] })}\n\n`,
      );
    send({ role: "assistant", content: "" });
    const words = text.match(/\S+\s*/g) ?? [];
    for (const [index, word] of words.entries()) {
      send({ content: word });
      if (index === Math.floor(words.length / 2) && upstream.holding?.test(messages.at(-1).content)) {
        await Promise.race([new Promise((resolve) => waiting.push(resolve)), once(response, "close")]);
        if (response.destroyed) return;
      }
    }
    send({}, "stop");
    response.write(`data: ${JSON.stringify({ id: "c1", object: "chat.completion.chunk", model, choices: [], usage })}\n\n`);
    response.end("data: [DONE]\n\n");
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  upstream.url = `http://127.0.0.1:${server.address().port}/v1`;
  return upstream;
}

/**
 * The sentences of the passage that shares most words with the question, cited; and a question that
 * is to be rewritten, as it is.
 * @param {{role: string, content: string}[]} messages
 */
function answerFrom(messages) {
  const request = messages.at(-1)?.content ?? "";
  const rewritten = /Last question: (.*)$/.exec(request);
  if (rewritten) return rewritten[1];
  const asked = new Set(wordsOf(/Question: (.*)$/.exec(request)?.[1] ?? ""));
  let best = { score: 0, number: 0, text: "" };
  for (const [, number, text] of request.matchAll(/<passage n="(\d+)"[^>]*>([\s\S]*?)<\/passage>/g)) {
    const score = new Set(wordsOf(text).filter((word) => asked.has(word))).size;
    if (score > best.score) best = { score, number: Number(number), text };
  }
  if (best.score === 0) return UNKNOWN;
  const sentences = best.text
    .replace(/```[\s\S]*?```/g, "")
    .split(/(?<=[.!?۔؟])\s+|\n+/)
    .map((sentence) => sentence.trim())
    .filter((sentence) => /[.۔]$/.test(sentence) && wordsOf(sentence).length > 4);
  return sentences.slice(0, 3).map((sentence) => `${sentence.slice(0, -1)} [${best.number}]${sentence.at(-1)}`).join(" ");
}

const wordsOf = (text) => text.toLowerCase().match(/[\p{L}\p{N}]{3,}/gu) ?? [];

function json(response, status, body) {
  response.writeHead(status, { "content-type": "application/json" });
  response.end(JSON.stringify(body));
}
