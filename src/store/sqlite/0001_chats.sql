-- Times are milliseconds since 1970 (UTC).

CREATE TABLE chat_sessions (
    id              TEXT PRIMARY KEY NOT NULL,
    created_at_ms   INTEGER NOT NULL,
    last_used_at_ms INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
CREATE INDEX chat_sessions_by_use ON chat_sessions (last_used_at_ms);

CREATE TABLE messages (
    seq           INTEGER PRIMARY KEY,
    id            TEXT NOT NULL UNIQUE,
    session_id    TEXT NOT NULL REFERENCES chat_sessions (id) ON DELETE CASCADE,
    role          TEXT NOT NULL CHECK (role IN ('user', 'assistant')),
    text          TEXT NOT NULL,
    sources       TEXT NOT NULL,
    abstained     INTEGER NOT NULL,
    generator     TEXT NOT NULL,
    locale        TEXT NOT NULL,
    usage         TEXT NOT NULL,
    context       TEXT NOT NULL,
    created_at_ms INTEGER NOT NULL
) STRICT;
CREATE INDEX messages_by_session ON messages (session_id, seq);

CREATE TABLE feedback (
    message_id    TEXT PRIMARY KEY NOT NULL REFERENCES messages (id) ON DELETE CASCADE,
    rating        TEXT NOT NULL CHECK (rating IN ('up', 'down')),
    comment       TEXT,
    created_at_ms INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

-- Questions the documentation does not answer; `key` is the question without case and spacing.
CREATE TABLE gaps (
    key         TEXT NOT NULL,
    locale      TEXT NOT NULL,
    question    TEXT NOT NULL,
    count       INTEGER NOT NULL,
    first_at_ms INTEGER NOT NULL,
    last_at_ms  INTEGER NOT NULL,
    nearest     TEXT NOT NULL,
    PRIMARY KEY (key, locale)
) STRICT, WITHOUT ROWID;

-- Outlives the session it belongs to: money spent stays spent.
CREATE TABLE usage_ledger (
    seq               INTEGER PRIMARY KEY,
    message_id        TEXT NOT NULL,
    generator         TEXT NOT NULL,
    model             TEXT NOT NULL,
    prompt_tokens     INTEGER NOT NULL,
    completion_tokens INTEGER NOT NULL,
    cost_usd          REAL NOT NULL,
    at_ms             INTEGER NOT NULL
) STRICT;
CREATE INDEX usage_ledger_by_time ON usage_ledger (at_ms);
