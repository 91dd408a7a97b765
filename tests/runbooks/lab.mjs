/**
 * A lab of the training course: a server that is broken on purpose, for somebody who repairs it in
 * another terminal with the runbook, and then lets this one check the repair.
 *
 *   make lab LAB=database
 */

import { createInterface } from "node:readline/promises";
import { Patient } from "./patient.mjs";
import { readRunbook } from "./runbook.mjs";
import { TROUBLES } from "./troubles.mjs";

const LABS = {
  "service-down": "Readers say that the chat doesn't answer any more.",
  database: "The server won't start since this morning.",
  "data-loss": "A reader misses a conversation from yesterday.",
  "index-stale": "The page about topics has a new section on gears since noon, and no answer knows it.",
  security: "Someone has pasted an admin key into a public chat.",
};
const COMMANDS = "start, stop, log, check, quit";

/** What the runbook's last commands say about the server as it is now; undefined if all is well. */
async function complaint(patient, lab) {
  for (const { commands } of readRunbook(lab).worked) {
    const { code, shown } = await patient.type(commands);
    if (code !== 0) return `${commands}ended with ${code}:\n${shown}`;
  }
  try {
    await TROUBLES[lab].cured?.(patient);
  } catch (error) {
    return error.message;
  }
  return undefined;
}

async function run(lab) {
  const patient = await Patient.admit();
  try {
    await TROUBLES[lab].cause?.(patient);
    const variables = Object.entries(patient.variables).map(([name, value]) => `${name}='${value}'`);
    console.log(`${LABS[lab]}\n\nIn another terminal, with the runbooks at hand:\n\n  export ${variables.join(" ")}\n  export PATH='${patient.programs}':"$PATH"\n`);
    console.log(`Here you are the host: ${COMMANDS}.`);
    // Not before it is read from: what is typed ahead would be lost.
    const keyboard = createInterface({ input: process.stdin, output: process.stdout, terminal: process.stdin.isTTY });
    for await (const line of keyboard) {
      const word = line.trim();
      if (word === "quit") return 1;
      if (word === "log") console.log(patient.log);
      else if (word === "stop") await patient.stop().then(() => console.log("stopped"));
      else if (word === "start") await patient.start().then(() => console.log("started"), (error) => console.log(error.message));
      else if (word === "check") {
        const wrong = await complaint(patient, lab);
        if (wrong === undefined) {
          console.log("Repaired. Well done.");
          return 0;
        }
        console.log(`Not yet: ${wrong}`);
      } else console.log(`There are ${COMMANDS}.`);
    }
    return 1;
  } finally {
    process.stdin.destroy();
    await patient.leave();
  }
}

const [lab] = process.argv.slice(2);
if (lab in LABS) {
  process.exitCode = await run(lab);
} else {
  console.error(`Which lab? make lab LAB=${Object.keys(LABS).join(" | ")}`);
  process.exitCode = 2;
}
