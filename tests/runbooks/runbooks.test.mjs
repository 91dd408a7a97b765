/**
 * Every runbook, followed to the letter: its trouble is caused, its commands show it, its commands cure
 * it, and its last ones say so. None of them can grow stale without failing here.
 */

import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { Patient } from "./patient.mjs";
import { PARTS, pages, readRunbook } from "./runbook.mjs";
import { TROUBLES } from "./troubles.mjs";

test("every runbook has its five parts, and the same commands in Urdu", () => {
  for (const page of pages()) {
    const english = readRunbook(page);
    assert.deepEqual(Object.keys(english), PARTS, page);
    for (const part of ["confirm", "worked"]) assert.ok(english[part].length > 0, `${page}: ${part} has commands`);
    assert.deepEqual(readRunbook(page, "ur"), english, page);
  }
});

test("there is a trouble for every runbook", () => {
  assert.deepEqual(Object.keys(TROUBLES).sort(), pages().sort());
});

describe("the runbook", () => {
  for (const [page, trouble] of Object.entries(TROUBLES)) {
    test(`${page} shows its trouble and cures it`, async () => {
      const runbook = readRunbook(page);
      const patient = await Patient.admit();
      const follow = async (part) => {
        let shown = "";
        for (const { commands, stopped } of runbook[part]) {
          if (stopped) await patient.stop();
          const outcome = await patient.type(commands);
          assert.equal(outcome.code, 0, `${commands}\n${outcome.shown}\n${patient.log}`);
          shown += outcome.shown;
        }
        return shown;
      };
      try {
        await trouble.cause?.(patient);
        const shown = await follow("confirm");
        if (typeof trouble.shows === "function") trouble.shows(shown);
        else assert.match(shown, trouble.shows);
        await follow("do");
        await trouble.otherwise?.(patient);
        await patient.start();
        await follow("worked");
        await trouble.cured?.(patient);
      } finally {
        await patient.leave();
        await trouble.after?.();
      }
    });
  }
});
