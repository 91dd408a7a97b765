-- The key itself is never kept: `hash` is SHA-256 of its 32 random bytes as they are written.
CREATE TABLE api_keys (
    id                  TEXT PRIMARY KEY NOT NULL,
    line                TEXT NOT NULL,
    name                TEXT NOT NULL,
    hash                BLOB NOT NULL UNIQUE,
    rights              TEXT NOT NULL,
    queries_per_minute  INTEGER,
    queries_per_day     INTEGER,
    queries_per_month   INTEGER,
    created_at_ms       INTEGER NOT NULL,
    expires_at_ms       INTEGER,
    revoked_at_ms       INTEGER,
    last_used_at_ms     INTEGER
) STRICT, WITHOUT ROWID;

-- Questions per line of keys (a key and those it was rotated to) and month, as 2026-11.
CREATE TABLE api_key_usage (
    line    TEXT NOT NULL,
    month   TEXT NOT NULL,
    queries INTEGER NOT NULL,
    PRIMARY KEY (line, month)
) STRICT, WITHOUT ROWID;
