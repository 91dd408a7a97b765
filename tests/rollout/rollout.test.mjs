/** A good release goes through; a bad one is taken back, and no reader beyond those who showed it fails. */

import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { readFileSync } from "node:fs";
import { writeFile } from "node:fs/promises";
import { fileURLToPath } from "node:url";
import { describe, test } from "node:test";
import { startUpstream } from "../browser/upstream.mjs";
import { Stage } from "./stage.mjs";

const LEAK = fileURLToPath(new URL("leak.c", import.meta.url));
const history = (stage) => readFileSync(stage.path("record/history.jsonl"), "utf8");
const sidesOf = (requests) => new Set(requests.map(({ side }) => side).filter(Boolean));

/** The new side is gone, every reader is at the old one, and says so. */
async function assertTakenBack(stage, driver, reason) {
  assert.equal(await driver.ended, 1, driver.log);
  const { phase, reason: found, sides } = stage.status();
  assert.equal(phase, "back", driver.log);
  assert.match(found, reason);
  assert.ok(history(stage).includes(found));
  assert.deepEqual([sides.blue.weight, sides.green.weight], [100, 0]);
  const from = stage.requests.length;
  while (stage.requests.length < from + 12) await new Promise((resolve) => setTimeout(resolve, 50));
  const after = stage.requests.slice(from);
  assert.deepEqual(after.filter(({ status, at }) => status !== 200 && at > after[0].until), []);
}

async function onStage(work) {
  const stage = await Stage.open();
  const closing = [];
  try {
    await work(stage, closing);
  } finally {
    for (const close of closing) await close();
    await stage.close();
  }
}

describe("the rollout", () => {
  test("brings a good release to all readers: none fails, conversations go on, and it can still be taken back", () =>
    onStage(async (stage, closing) => {
      await stage.release("blue");
      await stage.served();
      const first = await stage.ask("What is a topic?");
      assert.deepEqual([first.status, first.side], [200, "blue"]);
      await stage.release("green");
      await stage.settings();
      const readers = stage.readers();
      closing.push(readers.stop);
      const driver = stage.drive();

      await stage.reached(({ phase, percent }) => phase === "step" && percent >= 25, driver);
      stage.say("pause");
      await stage.reached(({ paused }) => paused, driver);
      // Whoever drove is ended, and somebody goes on.
      driver.kill("SIGTERM");
      assert.equal(await driver.ended, 1);
      const { percent, sides } = stage.status();
      assert.equal(sides.green.weight, percent);
      assert.deepEqual(sidesOf(stage.requests), new Set(["blue", "green"]));
      const next = stage.drive("resume");
      await stage.reached(({ driven }) => driven, next);
      stage.say("resume");
      assert.equal(await next.ended, 0, next.log);

      const at = Date.now();
      while (stage.requests.at(-1).at < at) await new Promise((resolve) => setTimeout(resolve, 50));
      assert.equal(stage.requests.at(-1).side, "green");
      assert.deepEqual(stage.failed(), []);
      const { session_id } = first.body;
      const second = await stage.ask("And what do nodes exchange over it?", { session_id }, "side=blue");
      assert.equal(second.status, 200);
      const kept = await (await fetch(`${stage.url}/sessions/${session_id}`)).json();
      assert.equal(kept.messages.length, 4);

      // Haproxy starts anew and remembers who has the readers; the old side is started for the way back.
      await readers.stop();
      await stage.end(stage.proxy);
      await stage.haproxy();
      await stage.reached(({ sides: { green } }) => green.weight === 100 && green.status === "UP");
      await stage.release("blue");
      stage.say("back", "people don't like it");
      assert.equal(stage.status().reason, "people don't like it");
      assert.equal((await stage.ask("What is a topic?")).side, "blue");
    }));

  test("takes back a release whose migration has broken its database, before a step is over", () =>
    onStage(async (stage, closing) => {
      await stage.release("blue");
      await stage.served();
      await stage.release("green", { environment: { DATABASE_URL: `sqlite:${stage.path("migrated.db")}` } });
      await stage.settings();
      const readers = stage.readers();
      closing.push(readers.stop);
      const driver = stage.drive();
      await stage.reached(({ phase }) => phase === "step", driver);
      execFileSync("sqlite3", [stage.path("migrated.db"), "ALTER TABLE messages RENAME TO hidden"]);
      await assertTakenBack(stage, driver, /requests failed over/);
      const failed = stage.failed();
      assert.ok(failed.length > 0 && failed.every(({ status }) => status === 500));
      assert.equal(stage.status().step, 0);
    }));

  test("takes back a release that is slower, and its last stream is finished", () =>
    onStage(async (stage, closing) => {
      const [fast, slow] = [await startUpstream(), await startUpstream()];
      closing.push(() => (fast.close(), slow.close()));
      slow.delay_ms = 1200;
      const environment = (upstream) => ({ OPENAI_BASE_URL: upstream.url, OPENAI_API_KEY: "sk-test", RAG_ANSWER_CACHE_HOURS: "0" });
      await stage.release("blue", { environment: environment(fast) });
      await stage.served();
      await stage.release("green", { environment: environment(slow) });
      await stage.settings();
      const readers = stage.readers();
      closing.push(readers.stop);
      const driver = stage.drive();
      await stage.reached(({ phase }) => phase === "step", driver);
      slow.hold(/slowly/);
      const stream = await fetch(`${stage.url}/query`, {
        method: "POST", headers: { "content-type": "application/json", cookie: "side=green" },
        body: JSON.stringify({ query: "What is a topic, said slowly?", stream: true }),
      });
      assert.equal(stream.status, 200);
      await stage.reached(({ phase }) => phase === "going back", driver);
      assert.equal(driver.exitCode, null);
      slow.release();
      assert.match(await stream.text(), /^event: done\ndata: .*"generator":"openai"/m);
      await assertTakenBack(stage, driver, /green: 95 % of answers took .* more than 1.5 times the old side's/);
      assert.deepEqual(stage.failed(), []);
    }));

  test("takes back a release that leaks when it dies of it", () =>
    onStage(async (stage, closing) => {
      const library = stage.path("leak.so");
      execFileSync("cc", ["-shared", "-fPIC", "-O1", "-o", library, LEAK, "-lpthread"]);
      await stage.release("blue");
      await stage.served();
      // Room for a running program, which takes a third of it, and no more.
      await stage.release("green", {
        before: ["prlimit", "--data=300000000"],
        environment: { LD_PRELOAD: library, LEAK_WHEN: stage.path("leak"), RAG_ANSWER_CACHE_HOURS: "0" },
      });
      await stage.settings([["hold", '"3s"', '"60s"']]);
      const readers = stage.readers();
      closing.push(readers.stop);
      const driver = stage.drive();
      await stage.reached(({ phase }) => phase === "step", driver);
      await writeFile(stage.path("leak"), "");
      await assertTakenBack(stage, driver, /green isn't ready any more|green has ended|requests failed over/);
      assert.notEqual(stage.sides.green.signalCode ?? stage.sides.green.exitCode, null);
      // Those it was answering while it had no memory, and when it ended.
      const back = JSON.parse(history(stage).split("\n").find((line) => line.includes("back to blue"))).at;
      const late = stage.failed().filter(({ at }) => at > Date.parse(back) + 1000);
      assert.deepEqual(late, []);
      assert.ok(stage.failed().length < stage.requests.length / 10, `${stage.failed().length} of ${stage.requests.length}`);
    }));

  test("gives no reader to a release that never gets ready, or fails its smoke test", () =>
    onStage(async (stage, closing) => {
      await stage.release("blue");
      await stage.served();
      const [port] = [stage.ports.prometheus];
      const readers = stage.readers();
      closing.push(readers.stop);
      // Its port is taken, so it ends.
      await stage.release("green", { listen: `127.0.0.1:${port}` });
      await stage.settings([["ready_within", '"30s"', '"3s"']]);
      await assertTakenBack(stage, stage.drive(), /green gets no reader: .*readyz isn't ready after 3 s/);

      await stage.release("green", { environment: { DATABASE_URL: `sqlite:${stage.path("migrated.db")}` } });
      execFileSync("sqlite3", [stage.path("migrated.db"), "ALTER TABLE messages RENAME TO hidden"]);
      await stage.settings();
      await assertTakenBack(stage, stage.drive(), /green gets no reader: .*doctor --url .* ended with 1/);
      assert.match(history(stage), /FAIL (question|session)/);
      assert.deepEqual(sidesOf(stage.requests), new Set(["blue"]));
      assert.deepEqual(stage.failed(), []);
    }));
});
