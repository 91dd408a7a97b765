/** The drill, smaller than by hand. */

import assert from "node:assert/strict";
import { test } from "node:test";
import { drill } from "./drill.mjs";

test("what was said comes back whole after everything is destroyed", async (t) => {
  const figures = await drill(300);
  assert.ok(figures.rows > 300 * 6, JSON.stringify(figures));
  t.diagnostic(JSON.stringify(figures));
});
