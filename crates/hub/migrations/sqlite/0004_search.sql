-- Words of messages, for search. Rows of messages that are gone stay and are joined away.
CREATE VIRTUAL TABLE message_words USING fts5 (
    message_id UNINDEXED,
    words,
    tokenize = 'unicode61 remove_diacritics 2'
);
