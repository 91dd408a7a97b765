/**
 * Shapes shared by the widget's modules: what the server says and what a conversation is made of.
 * Types only; never served.
 */

interface Source {
  id: number | string;
  doc_id?: string;
  title?: string;
  chapter?: string;
  section?: string;
  heading_path?: string[];
  url: string;
  content?: string;
  quote?: string;
}

interface SearchResult {
  id: string;
  title: string;
  section?: string;
  heading_path?: string[];
  url: string;
  excerpt?: string;
}

interface Scope {
  locale?: string;
  version?: string;
  path?: string;
}

/** The whole answer: the `done` event, and the body of a JSON answer. */
interface Answer {
  answer: string;
  sources: Source[];
  session_id: string;
  message_id?: string;
  locale?: string;
  abstained?: boolean;
  grounded?: boolean;
  generator?: string;
  /** Something the reader should know, such as that the generator failed. */
  notice?: string | null;
  latency_ms?: number;
}

interface Question {
  query: string;
  session_id?: string;
  mode: "full_book" | "selected_text";
  selected_text?: string;
  scope?: Scope;
  stream: true;
}

interface Feedback {
  message_id: string;
  session_id?: string;
  rating: "up" | "down";
  comment?: string;
}

/** One message of a remembered session, in any of the spellings a server may use. */
interface Message {
  id?: string;
  message_id?: string;
  role: string;
  content?: string;
  sources?: Source[];
  generator?: string;
  abstained?: boolean;
}

type TroubleKind =
  | "offline"
  | "away"
  | "busy"
  | "too_long"
  | "selection_too_long"
  | "cut"
  | "gone"
  | "rejected";

interface TroubleState {
  kind: TroubleKind;
  /** Milliseconds since the epoch before which asking again is pointless. */
  retryAt?: number;
  requestId?: string;
}

type TurnState = "waiting" | "streaming" | "done" | "stopped" | "failed";

/** A question and what became of it. */
interface Turn {
  id: string;
  question: string;
  selectedText?: string;
  answer: string;
  sources: Source[];
  state: TurnState;
  /** 0 while the first attempt runs, n while the nth retry runs. */
  attempt: number;
  trouble?: TroubleState;
  messageId?: string;
  generator?: string;
  notice?: string;
  abstained?: boolean;
  rating?: "up" | "down";
}

interface Settings {
  /** Where the server is, with a slash at its end. */
  api: string;
  /** Where the pages that sources name are, with a slash at its end. */
  site: string;
  locale?: string;
  version?: string;
  path?: string;
  /** The key that opens the widget, such as "/" or "ctrl+i"; empty for none. */
  key: string;
  title?: string;
  examples: string[];
  theme?: string;
  launcher: boolean;
  selection: boolean;
  analytics: boolean;
  analyticsText: boolean;
  fullPage: boolean;
}

/** Tells the page that something happened, and what was written only where the owner allows it. */
type Reporter = (
  name: "query" | "answer" | "feedback" | "error",
  facts: Record<string, string | number | boolean | undefined>,
  text?: Record<string, string | undefined>,
) => void;

type Strings = typeof import("./widget/strings/en.js").default;

interface Window {
  gtag?: (command: "event", name: string, details: object) => void;
  plausible?: (name: string, options: { props: object }) => void;
}
