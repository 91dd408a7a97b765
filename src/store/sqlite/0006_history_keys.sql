-- Keys that something here may be encrypted with; the empty id stands for what is not encrypted.
CREATE TABLE history_keys (
    id       TEXT PRIMARY KEY NOT NULL,
    since_ms INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
INSERT INTO history_keys SELECT '', unixepoch() * 1000
 WHERE EXISTS (SELECT 1 FROM messages) OR EXISTS (SELECT 1 FROM gaps);
