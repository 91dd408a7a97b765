/** The program, beside a running server, with the settings of one installation and nothing else. */

import { execFile, execFileSync } from "node:child_process";
import { join } from "node:path";

export class Program {
  constructor(patient, settings = {}) {
    this.patient = patient;
    this.settings = settings;
  }

  /** Never rejects: the exit code and what was said. */
  run(...words) {
    return this.execute(join(this.patient.programs, "rag-chatbot"), words);
  }

  /** The outcome as it is told to programs; fails if there is none. */
  async outcome(...words) {
    const { code, stdout, stderr } = await this.run(...words, "--json");
    if (code !== 0) throw new Error(`${words.join(" ")}: ${stderr}`);
    return JSON.parse(stdout);
  }

  execute(file, words) {
    const env = { PATH: process.env.PATH, HOME: this.patient.folder, RAG_STATE: this.patient.variables.STATE, STATE: this.patient.variables.STATE, ...this.settings };
    return new Promise((resolve) => {
      execFile(file, words, { env, cwd: this.patient.folder }, (error, stdout, stderr) => resolve({ code: error ? (error.code ?? 1) : 0, stdout, stderr }));
    });
  }
}

/** Every row of every table, as text; what a restart or a restore itself writes down is left out. */
export function everyRow(database) {
  const sql = (text) => execFileSync("sqlite3", ["-readonly", database, text], { encoding: "utf8", maxBuffer: 1 << 30 });
  const tables = sql("SELECT name FROM sqlite_schema WHERE type = 'table' AND name NOT LIKE 'sqlite%' ORDER BY name").trim().split("\n");
  const rows = {};
  for (const table of tables) {
    const where = table === "audit" ? " WHERE action NOT IN ('server.start', 'backup.restore')" : "";
    rows[table] = execFileSync("sqlite3", ["-readonly", "-cmd", ".mode quote", database, `SELECT * FROM "${table}"${where}`], { encoding: "utf8", maxBuffer: 1 << 30 })
      .split("\n")
      .filter(Boolean)
      .sort();
  }
  return rows;
}
