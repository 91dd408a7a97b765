/** The labs of the training course, taken by a learner who does what the runbook says. */

import assert from "node:assert/strict";
import { execFile, spawn } from "node:child_process";
import { once } from "node:events";
import { readFileSync } from "node:fs";
import { describe, test } from "node:test";
import { fileURLToPath } from "node:url";
import { readRunbook } from "./runbook.mjs";

const LAB = fileURLToPath(new URL("lab.mjs", import.meta.url));
const COURSE = readFileSync(new URL("../../docs/docs/operations/training.md", import.meta.url), "utf8");
const LABS = [...COURSE.matchAll(/^make lab LAB=([\w-]+)$/gm)].map(([, name]) => name);

test("the course has five labs", () => assert.equal(new Set(LABS).size, 5));

describe("the lab", () => {
  for (const name of LABS) {
    test(`${name} is failed by doing nothing and passed by following the runbook`, async () => {
      const lab = spawn(process.execPath, [LAB, name], { stdio: ["pipe", "pipe", "inherit"] });
      let shown = "";
      lab.stdout.on("data", (text) => (shown += text));
      const until = async (pattern) => {
        while (!pattern.test(shown)) {
          assert.equal(lab.exitCode, null, shown);
          await new Promise((resolve) => setTimeout(resolve, 20));
        }
        const [text] = pattern.exec(shown);
        shown = "";
        return text;
      };
      const say = async (word, answer) => {
        lab.stdin.write(`${word}\n`);
        await until(answer);
      };
      try {
        const exports = (await until(/ {2}export [^]*(?=Here you are the host[^]*\n)/)).replace(/Here[^]*/, "");
        await say("check", /Not yet: [^]*\n/);
        await say("stop", /stopped\n/);
        for (const { commands, stopped } of readRunbook(name).do) {
          if (!stopped) await say("start", /started\n/);
          await new Promise((resolve, reject) => {
            execFile("bash", ["--norc", "-eu", "-c", `${exports}\n${commands}`], (error) => (error ? reject(error) : resolve()));
          });
        }
        await say("start", /started\n/);
        const gone = once(lab, "exit");
        lab.stdin.write("check\n");
        const [code] = await gone;
        assert.equal(code, 0, shown);
      } finally {
        lab.stdin.end("quit\n");
        if (lab.exitCode === null) await once(lab, "exit");
      }
    });
  }
});
