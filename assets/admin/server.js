/** Requests with the admin key, which lives as long as its tab. */

import { say } from "./words.js";

const KEPT = "rag-chatbot-admin-key";

export class Refused extends Error {}

export const key = () => sessionStorage.getItem(KEPT);

/** @param {string} given */
export const keep = (given) => sessionStorage.setItem(KEPT, given);

export const forget = () => sessionStorage.removeItem(KEPT);

/**
 * @param {string} path below this page's folder
 * @param {{method?: string, body?: unknown, accept?: string}} [options]
 */
async function send(path, { method = "GET", body, accept = "application/json" } = {}) {
  /** @type {Record<string, string>} */
  const headers = { Accept: accept };
  const shown = key();
  if (shown) headers.Authorization = `Bearer ${shown}`;
  if (body !== undefined) headers["Content-Type"] = "application/json";
  const response = await fetch(path, { method, headers, body: body === undefined ? undefined : JSON.stringify(body), cache: "no-store" }).catch(() => {
    throw new Error(say("The server can't be reached."));
  });
  if (response.ok) return response;
  const problem = await response.json().catch(() => ({}));
  const detail = problem.detail ?? say("The server answered with {0}.", response.status);
  throw response.status === 401 || response.status === 403 ? new Refused(detail) : new Error(detail);
}

/** @param {string} path @returns {Promise<any>} */
export const get = async (path) => (await send(path)).json();

/**
 * Who is signed in at the identity provider; `null` for nobody, `undefined` where nobody signs in.
 * @returns {Promise<{id: string, name: string | null, scopes: string[]} | null | undefined>}
 */
export async function person() {
  const response = await fetch("auth/me", { cache: "no-store" }).catch(() => undefined);
  if (response?.ok) return response.json();
  return response?.status === 401 ? null : undefined;
}

export const signOut = () => fetch("auth/logout", { method: "POST" });

/** Whether anybody finds something there. @param {string} path */
export const exists = async (path) => (await fetch(path, { method: "HEAD" }).catch(() => ({ ok: false }))).ok;

/** @param {string} path @param {unknown} body @returns {Promise<any>} */
export const post = async (path, body) => (await send(path, { method: "POST", body })).json();

/** Has the browser save what is at `path`. @param {string} path @param {string} accept @param {string} name */
export async function download(path, accept, name) {
  const text = await (await send(path, { accept })).text();
  // With the mark at its front, spreadsheets take a table for UTF-8.
  const parts = accept === "text/csv" ? ["\ufeff", text] : [text];
  const address = URL.createObjectURL(new Blob(parts, { type: accept }));
  const link = document.createElement("a");
  link.href = address;
  link.download = name;
  link.click();
  URL.revokeObjectURL(address);
}
