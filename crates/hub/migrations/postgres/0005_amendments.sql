-- Edits and deletions, kept beside their message because they may come before it.
CREATE TABLE amendments (
    target_wamid TEXT NOT NULL,
    -- Meta's id of the event: the same event twice is one row.
    event_id     TEXT NOT NULL,
    at           BIGINT NOT NULL,
    -- customer, business
    side         TEXT NOT NULL,
    -- The new words; NULL is a deletion.
    words        TEXT,
    PRIMARY KEY (target_wamid, event_id)
);

-- The words as sent, and the earlier words as JSON; both NULL while nothing was edited.
ALTER TABLE messages ADD COLUMN first_words TEXT;
ALTER TABLE messages ADD COLUMN earlier TEXT;
