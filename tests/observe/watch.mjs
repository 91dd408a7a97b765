/**
 * `make observe`: the program, Prometheus and Alertmanager together on this machine, with the files that are
 * deployed. Alerts are shown here as they arrive, where PagerDuty, Opsgenie, Slack and mail would be.
 */

import { randomBytes } from "node:crypto";
import { startBinary } from "../browser/binary.mjs";
import { startReceiver } from "./receiver.mjs";
import { Watchers } from "./watchers.mjs";

const receiver = await startReceiver();
const key = `observe-${randomBytes(12).toString("hex")}`;
console.log("starting the three; the program reads the documentation first");
const binary = await startBinary({
  data: process.env.DATA,
  environment: {
    RAG_ADMIN_KEY: key,
    ...(process.env.OPENAI_BASE_URL ? { OPENAI_BASE_URL: process.env.OPENAI_BASE_URL, OPENAI_API_KEY: process.env.OPENAI_API_KEY ?? "" } : {}),
  },
});
const watchers = await Watchers.start({ target: new URL(binary.url).host, receiver });
console.log(`
  the chat        ${binary.url}/chat
  its status      ${binary.url}/status
  its operators   ${binary.url}/admin (key ${key})
  Prometheus      ${watchers.prometheusUrl}/alerts
  Alertmanager    ${watchers.alertmanagerUrl}

Press Ctrl+C to end all three. What an alert sends is shown here.
`);

let shown = 0;
const showing = setInterval(() => {
  for (; shown < receiver.calls.length; shown++) console.log(JSON.stringify(receiver.calls[shown].body, null, 2));
}, 1000);
for (const signal of ["SIGINT", "SIGTERM"]) {
  process.once(signal, async () => {
    clearInterval(showing);
    await watchers.stop();
    await binary.stop();
    receiver.close();
  });
}
