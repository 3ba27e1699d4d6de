-- What a conversation's head asks for: our last answer, and the customer's live messages since. A
-- chat of thousands that nobody answered is not walked through for it.
CREATE INDEX messages_answers ON messages (conversation_id, position)
    WHERE answers = 1;
CREATE INDEX messages_asked ON messages (conversation_id, position)
    WHERE author_kind = 'customer' AND provenance = 'live';

-- The words of an edited message are found by it.
CREATE INDEX message_words_message ON message_words (message_id);
