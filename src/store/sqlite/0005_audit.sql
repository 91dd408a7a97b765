-- Who did what from where to which object with what result. `origin` is a keyed hash of an address.
CREATE TABLE audit (
    seq        INTEGER PRIMARY KEY AUTOINCREMENT,
    at_ms      INTEGER NOT NULL,
    who        TEXT NOT NULL,
    origin     TEXT NOT NULL,
    action     TEXT NOT NULL,
    object     TEXT NOT NULL,
    result     TEXT NOT NULL,
    request_id TEXT NOT NULL
) STRICT;
CREATE INDEX audit_by_time ON audit (at_ms);

-- Only ever added to. What is older than a day may be deleted, which is what retention does.
CREATE TRIGGER audit_is_not_changed BEFORE UPDATE ON audit
BEGIN
    SELECT raise(ABORT, 'the audit log is only added to');
END;
CREATE TRIGGER audit_is_not_deleted BEFORE DELETE ON audit
WHEN OLD.at_ms > (unixepoch() - 86400) * 1000
BEGIN
    SELECT raise(ABORT, 'the audit log is only added to');
END;
