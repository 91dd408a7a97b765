-- Keys that something here may be encrypted with; the empty id stands for what is not encrypted.
CREATE TABLE history_keys (
    id       TEXT PRIMARY KEY NOT NULL,
    since_ms INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
INSERT INTO history_keys SELECT '', unixepoch() * 1000
 WHERE EXISTS (SELECT 1 FROM messages) OR EXISTS (SELECT 1 FROM gaps);

-- Whoever reads this file must not be able to continue a conversation: instead of a session's id,
-- which is its reader's secret, stands what it is recognised by.
PRAGMA defer_foreign_keys = ON;
UPDATE messages SET session_id = kept_id(session_id);
UPDATE chat_sessions SET id = kept_id(id);
