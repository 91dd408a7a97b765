-- A call of a generator is not always an answer: the reader may leave before there is one.
ALTER TABLE usage_ledger DROP COLUMN message_id;
