/** What can go wrong between a question and its answer, sorted by what a reader can do about it. */

export class Trouble extends Error {
  /**
   * @param {TroubleKind} kind
   * @param {{retryAt?: number, requestId?: string, code?: string}} [more]
   */
  constructor(kind, more = {}) {
    super(more.code ?? kind);
    this.kind = kind;
    this.retryAt = more.retryAt;
    this.requestId = more.requestId;
    this.code = more.code ?? kind;
  }

  /** @returns {TroubleState} */
  get state() {
    return { kind: this.kind, retryAt: this.retryAt, requestId: this.requestId };
  }
}

/** Seconds to wait when a server says 429 but not how long. Its window is a minute. */
const BUSY_SECONDS = 60;

/**
 * @param {Response} response
 * @returns {Promise<Trouble>}
 */
export async function troubleOf(response) {
  const problem = await response.json().catch(() => ({}));
  return troubleFrom({ ...problem, status: response.status }, response.headers);
}

/**
 * @param {{status?: number, code?: string, request_id?: string, retry_after?: number}} problem
 * @param {Headers} [headers]
 */
export function troubleFrom(problem, headers) {
  const code = problem.code ?? `http_${problem.status ?? 0}`;
  const requestId = problem.request_id ?? headers?.get("x-request-id") ?? undefined;
  const seconds = retryAfter(headers?.get("retry-after")) ?? problem.retry_after;
  /** @type {TroubleKind} */
  let kind = "rejected";
  if (problem.status === 429) kind = "busy";
  else if (problem.status === 413) kind = "selection_too_long";
  else if (problem.status === 404 || problem.status === 410) kind = "gone";
  else if (/too_long|too_large/.test(code)) kind = "too_long";
  else if ([502, 503, 504].includes(problem.status ?? 0)) kind = "away";
  const wait = seconds ?? (kind === "busy" ? BUSY_SECONDS : undefined);
  const retryAt = wait === undefined ? undefined : Date.now() + wait * 1000;
  return new Trouble(kind, { retryAt, requestId, code });
}

/** Seconds or a date, as HTTP allows. @param {string | null | undefined} value */
function retryAfter(value) {
  if (!value) return undefined;
  const seconds = Number(value);
  if (Number.isFinite(seconds)) return seconds;
  const date = Date.parse(value);
  return Number.isNaN(date) ? undefined : Math.max(0, (date - Date.now()) / 1000);
}
