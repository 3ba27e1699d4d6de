-- Words of messages, for search. Rows of messages that are gone stay and are joined away.
CREATE TABLE message_words (
    message_id TEXT NOT NULL,
    words      TEXT NOT NULL
);
CREATE INDEX message_words_search ON message_words USING gin (to_tsvector('simple', words));
