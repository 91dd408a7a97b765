/**
 * How the binary stands a crowd, on this machine: `node tests/load/load.mjs [readers] [streams] [slow]`.
 *
 * readers  100 of them ask one question after another for READERS_S seconds (600), answers written by
 *          a model server on loopback; prints p50, p95, errors and memory.
 * streams  500 streams that are held open by a model that says nothing more; then honest readers.
 * slow     5,000 connections that send one byte a second; then honest readers.
 *
 * It fails when an honest reader is not served. Open files: `ulimit -n 16384` first.
 */

import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { connect } from "node:net";
import { startBinary } from "../browser/binary.mjs";
import { startUpstream } from "../browser/upstream.mjs";

const READERS = Number(process.env.READERS ?? 100);
const READERS_S = Number(process.env.READERS_S ?? 600);
const STREAMS = Number(process.env.STREAMS ?? 500);
const SLOW = Number(process.env.SLOW ?? 5000);
const QUESTION = "How do nodes exchange messages over topics?";

const sleep = (ms) => new Promise((resolve) => setTimeout(resolve, ms));
const memoryMb = (binary) => {
  const status = readFileSync(`/proc/${binary.process.pid}/status`, "utf8");
  return Math.round(Number(/VmRSS:\s+(\d+)/.exec(status)[1]) / 1024);
};

function ask(binary, query, options = {}) {
  return fetch(`${binary.url}/query`, {
    method: "POST",
    headers: { "content-type": "application/json" },
    body: JSON.stringify({ query, ...options }),
  });
}

function quantile(sorted, q) {
  return sorted[Math.min(sorted.length - 1, Math.floor(q * sorted.length))];
}

async function honest(binary, when) {
  const began = performance.now();
  const answer = await ask(binary, QUESTION);
  assert.equal(answer.status, 200, `an honest reader got ${answer.status} ${when}`);
  await answer.json();
  console.log(`${when}: an honest reader was answered in ${Math.round(performance.now() - began)} ms`);
}

async function readers(binary) {
  const times = [];
  const memory = [memoryMb(binary)];
  let errors = 0;
  const until = Date.now() + READERS_S * 1000;
  const watching = setInterval(() => memory.push(memoryMb(binary)), 5000);
  await Promise.all(
    Array.from({ length: READERS }, async (_, reader) => {
      for (let turn = 0; Date.now() < until; turn += 1) {
        const began = performance.now();
        // A question of its own each time, so that nothing is remembered.
        const answer = await ask(binary, `${QUESTION} Case ${reader}-${turn}.`).catch(() => undefined);
        if (answer?.status === 200) await answer.json();
        else errors += 1;
        times.push(performance.now() - began);
      }
    }),
  );
  clearInterval(watching);
  times.sort((a, b) => a - b);
  const ms = (q) => Math.round(quantile(times, q));
  console.log(`${READERS} readers, ${READERS_S} s: ${times.length} answers, p50 ${ms(0.5)} ms, p95 ${ms(0.95)} ms, ${errors} errors`);
  console.log(`memory: ${memory.at(0)} MB at first, ${memory[Math.floor(memory.length / 2)]} MB in the middle, ${memory.at(-1)} MB at the end`);
}

async function streams(binary, upstream) {
  upstream.hold();
  const open = await Promise.all(Array.from({ length: STREAMS }, () => ask(binary, QUESTION, { stream: true })));
  const held = open.filter((answer) => answer.status === 200).length;
  console.log(`${held} of ${STREAMS} streams are open, ${memoryMb(binary)} MB`);
  await honest(binary, `with ${held} open streams`);
  upstream.release();
  await Promise.all(open.map((answer) => answer.body?.cancel()));
}

async function slow(binary) {
  const { hostname, port } = new URL(binary.url);
  let dropped = 0;
  const sockets = Array.from({ length: SLOW }, () => {
    const socket = connect(Number(port), hostname);
    socket.on("error", () => {}).on("close", () => (dropped += 1));
    return socket;
  });
  const dripping = setInterval(() => sockets.forEach((socket) => socket.writable && socket.write("G")), 1000);
  for (let second = 0; second < 15; second += 5) {
    await sleep(5000);
    await honest(binary, `with ${SLOW - dropped} of ${SLOW} slow connections`);
  }
  clearInterval(dripping);
  sockets.forEach((socket) => socket.destroy());
}

const wanted = process.argv.length > 2 ? process.argv.slice(2) : ["readers", "streams", "slow"];
const upstream = await startUpstream();
const binary = await startBinary({
  upstream: upstream.url,
  arguments: ["--rate-limit-queries-per-minute", "0", "--rate-limit-queries-per-day", "0", "--max-connections", "16384", "--budget-usd-per-month", "0"],
});
try {
  if (wanted.includes("readers")) await readers(binary);
  if (wanted.includes("streams")) await streams(binary, upstream);
  if (wanted.includes("slow")) await slow(binary);
} finally {
  await binary.stop();
  upstream.close();
}
