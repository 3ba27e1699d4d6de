-- What agents send besides texts, files and templates, and what goes with it.

-- When Meta's templates were last listed.
ALTER TABLE inboxes ADD COLUMN templates_at INTEGER;
-- Who holds the phone now.
ALTER TABLE inboxes ADD COLUMN phone_holder TEXT;
ALTER TABLE inboxes ADD COLUMN phone_since INTEGER;

-- Meta's own id, by which a template is changed.
ALTER TABLE templates ADD COLUMN meta_id TEXT NOT NULL DEFAULT '';

-- The business has one reaction to a message, whoever of it reacted: the reactor is `phone`, and
-- this says which agent it was. How far it got; empty once it has arrived.
ALTER TABLE reactions ADD COLUMN agent_id TEXT;
ALTER TABLE reactions ADD COLUMN delivery TEXT;

-- Whether the words of the echo were those that were prepared.
ALTER TABLE phone_starts ADD COLUMN alike INTEGER NOT NULL DEFAULT 1;

-- What Meta said about the price of each message of ours, for counting by month.
CREATE TABLE charges (
    wamid    TEXT    NOT NULL PRIMARY KEY,
    inbox_id TEXT    NOT NULL,
    at       INTEGER NOT NULL,
    -- As JSON: `regular`, `service`, or Meta's own new word.
    class    TEXT    NOT NULL,
    category TEXT    NOT NULL,
    -- ISO 3166, two letters; empty if the number is hidden.
    country  TEXT    NOT NULL
) STRICT;
CREATE INDEX charges_month ON charges (inbox_id, at);

-- Small things that an administrator has set for the whole team, as JSON.
CREATE TABLE settings (
    name  TEXT NOT NULL PRIMARY KEY,
    value TEXT NOT NULL
) STRICT;
