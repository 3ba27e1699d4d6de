-- Everything else that Meta tells: circumstances and price of messages, who a customer is, who
-- answers a chat, the phone's past, and what happens to numbers and accounts.

-- Forwarded, from an advertisement, about a product (JSON); NULL where there is nothing to say.
ALTER TABLE messages ADD COLUMN context TEXT;

-- The class of a price, by message; may come before the message.
CREATE TABLE prices (
    wamid TEXT NOT NULL PRIMARY KEY,
    price TEXT NOT NULL
) STRICT;

-- The contents of history messages that may come before their placeholder.
CREATE TABLE late_contents (
    wamid TEXT NOT NULL PRIMARY KEY,
    body  TEXT NOT NULL
) STRICT;

-- The newest number and id of a customer win by Meta's time, not by arrival.
ALTER TABLE customers ADD COLUMN phone_at INTEGER NOT NULL DEFAULT 0;
ALTER TABLE customers ADD COLUMN bsuid_at INTEGER NOT NULL DEFAULT 0;
ALTER TABLE customers ADD COLUMN username_at INTEGER NOT NULL DEFAULT 0;
-- When the customer last moved to another number or id.
ALTER TABLE customers ADD COLUMN moved_at INTEGER;
-- The customer's last word about marketing messages: 0 unwanted, 1 wanted.
ALTER TABLE customers ADD COLUMN marketing INTEGER;
ALTER TABLE customers ADD COLUMN marketing_at INTEGER NOT NULL DEFAULT 0;

-- A number can pass to another person: the newest holder has it.
ALTER TABLE identities ADD COLUMN at INTEGER NOT NULL DEFAULT 0;

ALTER TABLE conversations ADD COLUMN free_until INTEGER;
-- The last signs that another handler, and that we answer this chat; the later one counts.
ALTER TABLE conversations ADD COLUMN elsewhere_at INTEGER;
ALTER TABLE conversations ADD COLUMN elsewhere_owner TEXT;
ALTER TABLE conversations ADD COLUMN elsewhere_owner_at INTEGER;
ALTER TABLE conversations ADD COLUMN ours_at INTEGER;

-- How far the phone's past has been taken over (JSON).
ALTER TABLE inboxes ADD COLUMN import TEXT;

-- What Meta told about a number or its account. The same event twice is one row.
CREATE TABLE number_events (
    inbox_id TEXT    NOT NULL,
    at       INTEGER NOT NULL,
    kind     TEXT    NOT NULL,
    detail   TEXT    NOT NULL,
    -- user or system, for disconnections
    side     TEXT    NOT NULL,
    PRIMARY KEY (inbox_id, at, kind, detail)
) STRICT;

-- Pairs of identities that are, or may be, one customer.
CREATE TABLE merges (
    id            TEXT    NOT NULL PRIMARY KEY,
    kept_customer TEXT    NOT NULL,
    gone_customer TEXT    NOT NULL,
    -- proposed, joined, apart
    state         TEXT    NOT NULL,
    -- The number that both have had.
    shared        TEXT,
    at            INTEGER NOT NULL,
    by_agent      TEXT,
    -- What the gone side was, so that joining can be undone (JSON); NULL until joined.
    was           TEXT
) STRICT;
CREATE INDEX merges_kept ON merges (kept_customer);
CREATE INDEX merges_gone ON merges (gone_customer);

-- What passed from the gone side to the kept one.
CREATE TABLE merge_parts (
    merge_id TEXT NOT NULL,
    -- message, note, key, conversation
    kind     TEXT NOT NULL,
    part     TEXT NOT NULL,
    -- The gone conversation it came from; for keys the kind of the key.
    origin   TEXT NOT NULL,
    PRIMARY KEY (merge_id, kind, part, origin)
) STRICT;
