-- Answers that are given again and again, once each; `key` is a digest of the other two columns.
CREATE TABLE shared_answers (
    key     BLOB PRIMARY KEY NOT NULL,
    text    TEXT NOT NULL,
    sources TEXT NOT NULL
) STRICT, WITHOUT ROWID;

-- Where it is not null, the message's text and sources are the shared ones. No foreign key: without
-- an index on this column, deleting a shared answer would read every message.
ALTER TABLE messages ADD COLUMN shared BLOB;
