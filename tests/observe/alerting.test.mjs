/** A failing server is noticed and whoever is meant to hear of it does, with the runbook; and hears when it is over. */

import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { startBinary } from "../browser/binary.mjs";
import { startUpstream } from "../browser/upstream.mjs";
import { until } from "./program.mjs";
import { startReceiver } from "./receiver.mjs";
import { HANDBOOK, Watchers } from "./watchers.mjs";

let receiver, upstream, binary, watchers;

before(async () => {
  receiver = await startReceiver();
  upstream = await startUpstream();
  binary = await startBinary({ upstream: upstream.url });
  watchers = await Watchers.start({ target: new URL(binary.url).host, receiver, hurry: true });
});

after(async () => {
  await watchers?.stop();
  await binary?.stop();
  upstream?.close();
  receiver?.close();
});

const told = (to, alert) => receiver.calls.filter((call) => call.to === to && JSON.stringify(call.body).includes(alert));
const arrives = (what, condition) => until(what, condition, { log: () => `${JSON.stringify(receiver, null, 1)}\n${watchers.log()}\n${binary.log}` });

test("a server that can't be reached wakes somebody, who gets the runbook and later the all-clear", async () => {
  await arrives("the first scrape", async () => (await watchers.query('up{job="rag-chatbot"} == 1')).length === 1);
  assert.equal(told("pagerduty", "ServiceDown").length, 0);
  binary.process.kill("SIGSTOP");
  try {
    await arrives("a page at PagerDuty and at Opsgenie", () => told("pagerduty", "ServiceDown").length > 0 && told("opsgenie", "ServiceDown").length > 0);
  } finally {
    binary.process.kill("SIGCONT");
  }
  const runbook = `${HANDBOOK}/docs/operations/runbooks/service-down`;
  const [page] = told("pagerduty", "ServiceDown");
  assert.equal(page.body.event_action, "trigger");
  assert.equal(page.body.routing_key, "pd-key");
  assert.equal(page.body.payload.severity, "critical");
  assert.match(page.body.payload.summary, /1 firing\] ServiceDown: Prometheus can't reach the server\./);
  assert.deepEqual(page.body.links, [{ href: runbook, text: "Runbook" }]);
  const [call] = told("opsgenie", "ServiceDown");
  assert.equal(call.body.priority, "P1");
  assert.equal(call.headers.authorization, "GenieKey og-key");
  assert.equal(call.body.details.runbook, runbook);

  await arrives("the all-clear at PagerDuty", () => receiver.calls.some(({ to, body }) => to === "pagerduty" && body.event_action === "resolve" && body.dedup_key === page.body.dedup_key));
  await arrives("the all-clear at Opsgenie", () => receiver.calls.some(({ to, path }) => to === "opsgenie" && path.endsWith("/close")));
});

test("a model's server that fails waits in Slack and in the mailbox, and wakes nobody", async () => {
  upstream.status = 500;
  let asking = true;
  const readers = (async () => {
    for (let number = 0; asking; number++) await ask(`What is a topic, in ${number} words?`);
  })();
  try {
    await arrives("a message in Slack", () => told("slack", "ModelServerFails").length > 0);
    await arrives("a mail", () => receiver.mails.some((mail) => mail.includes("ModelServerFails")));
    const runbook = `${HANDBOOK}/docs/operations/runbooks/model-away`;
    const [{ body }] = told("slack", "ModelServerFails");
    assert.equal(body.channel, "#rag-chatbot");
    assert.equal(body.attachments[0].title_link, runbook);
    assert.match(body.attachments[0].text, /[\d.]+% of the calls of the generator failed\./);
    const mail = receiver.mails.find((one) => one.includes("ModelServerFails"));
    assert.match(mail, /^Subject: \[1 firing\] ModelServerFails/m);
    assert.ok(mail.replace(/=\n/g, "").includes(runbook), mail);
    upstream.reset();
    await arrives("the all-clear in Slack", () => receiver.calls.some(({ to, body }) => to === "slack" && body.attachments[0].title.startsWith("[over] ModelServerFails")));
    await arrives("the all-clear by mail", () => receiver.mails.some((one) => /^Subject: \[over\] ModelServerFails/m.test(one)));
    assert.equal(told("pagerduty", "ModelServerFails").length, 0);
  } finally {
    asking = false;
    await readers;
  }
});

async function ask(query) {
  const answer = await fetch(`${binary.url}/query`, { method: "POST", headers: { "content-type": "application/json" }, body: JSON.stringify({ query }) });
  assert.equal(answer.status, 200, await answer.text());
}
