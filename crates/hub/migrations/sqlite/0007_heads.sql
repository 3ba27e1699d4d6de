-- What a conversation's head asks for: our last answer, and the customer's live messages since. A
-- chat of thousands that nobody answered is not walked through for it.
CREATE INDEX messages_answers ON messages (conversation_id, position)
    WHERE answers = 1;
CREATE INDEX messages_asked ON messages (conversation_id, position)
    WHERE author_kind = 'customer' AND provenance = 'live';

-- Under which number the search keeps the words of a message. The numbers rise with every message:
-- the index writes rising ones together, and each other one by itself.
CREATE TABLE message_word_rows (
    message_id TEXT    NOT NULL PRIMARY KEY,
    row_no     INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
INSERT OR REPLACE INTO message_word_rows (message_id, row_no)
    SELECT message_id, rowid FROM message_words;
