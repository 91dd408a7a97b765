ALTER TABLE gaps RENAME COLUMN count TO unanswered;
ALTER TABLE gaps ADD COLUMN down_voted INTEGER NOT NULL DEFAULT 0;
ALTER TABLE gaps ADD COLUMN done_at_ms INTEGER;

-- How often a question was asked in vain on a day (UTC, days since 1970), to show where it goes.
CREATE TABLE gap_days (
    key    TEXT NOT NULL,
    locale TEXT NOT NULL,
    day    INTEGER NOT NULL,
    asked  INTEGER NOT NULL,
    PRIMARY KEY (key, locale, day),
    FOREIGN KEY (key, locale) REFERENCES gaps (key, locale) ON DELETE CASCADE
) STRICT, WITHOUT ROWID;
