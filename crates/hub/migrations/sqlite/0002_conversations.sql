-- Customers, conversations and what was said. Projected from the webhook log, except for the
-- columns that agents set (assignee, progress, labels, about, seen).
CREATE TABLE customers (
    id              TEXT    NOT NULL PRIMARY KEY,
    phone           TEXT,
    bsuid           TEXT,
    username        TEXT,
    book_name       TEXT,
    book_name_at    INTEGER NOT NULL,
    profile_name    TEXT,
    profile_name_at INTEGER NOT NULL,
    given_name      TEXT,
    about           TEXT    NOT NULL,
    blocked         TEXT,
    blocked_at      INTEGER
) STRICT;

-- All keys under which a customer is known, in canonical spelling.
CREATE TABLE identities (
    kind        TEXT NOT NULL,
    value       TEXT NOT NULL,
    customer_id TEXT NOT NULL REFERENCES customers (id),
    PRIMARY KEY (kind, value)
) STRICT;
CREATE INDEX identities_customer ON identities (customer_id);

CREATE TABLE conversations (
    id                  TEXT    NOT NULL PRIMARY KEY,
    rev                 INTEGER NOT NULL,
    inbox_id            TEXT    NOT NULL REFERENCES inboxes (id),
    customer_id         TEXT    NOT NULL REFERENCES customers (id),
    activity_at         INTEGER NOT NULL,
    last_line           TEXT,
    unread              INTEGER NOT NULL,
    waiting_since       INTEGER,
    -- The window's facts: all that is stored about it. No flag "open" exists.
    opening_event       TEXT,
    opening_kind        TEXT,
    opening_meta_at     INTEGER,
    opening_received_at INTEGER,
    refusal_at          INTEGER,
    refusal_message     TEXT,
    phone_first_at      INTEGER,
    phone_first_by      TEXT,
    only_history        INTEGER NOT NULL,
    first_customer_at   INTEGER,
    last_customer_at    INTEGER,
    assignee            TEXT,
    progress            TEXT    NOT NULL,
    labels              TEXT    NOT NULL,
    parked              INTEGER NOT NULL,
    seen_upto           TEXT    NOT NULL,
    -- Nothing to Meta for this customer before then (131056).
    pause_until         INTEGER,
    UNIQUE (inbox_id, customer_id)
) STRICT;
CREATE INDEX conversations_customer ON conversations (customer_id);

CREATE TABLE messages (
    id              TEXT    NOT NULL PRIMARY KEY,
    rev             INTEGER NOT NULL,
    conversation_id TEXT    NOT NULL REFERENCES conversations (id),
    position        TEXT    NOT NULL,
    wamid           TEXT    UNIQUE,
    client_ref      TEXT,
    -- customer, agent, phone, other_app
    author_kind     TEXT    NOT NULL,
    author_agent    TEXT,
    content         TEXT    NOT NULL,
    -- live, history
    provenance      TEXT    NOT NULL,
    at              INTEGER NOT NULL,
    received_at     INTEGER NOT NULL,
    quotes          TEXT,
    -- What our own outbox knows of it, before Meta's reports are applied.
    base_delivery   TEXT,
    delivery        TEXT,
    -- Counts as an answer: it left, or is on its way.
    answers         INTEGER NOT NULL,
    send_before     INTEGER,
    occurrence      TEXT    NOT NULL
) STRICT;
CREATE INDEX messages_thread ON messages (conversation_id, position);

-- The newest reaction of each side on each message; kept apart because it may come first.
CREATE TABLE reactions (
    target_wamid TEXT    NOT NULL,
    -- customer, phone, or an agent's id
    reactor      TEXT    NOT NULL,
    -- Empty: removed. The row stays, so that an older reaction cannot come back.
    emoji        TEXT    NOT NULL,
    at           INTEGER NOT NULL,
    event_id     TEXT    NOT NULL,
    PRIMARY KEY (target_wamid, reactor)
) STRICT;

-- Meta's reports by message, each kind once with its earliest time; may come before the message.
CREATE TABLE reports (
    wamid   TEXT    NOT NULL,
    receipt TEXT    NOT NULL,
    at      INTEGER NOT NULL,
    failure TEXT,
    PRIMARY KEY (wamid, receipt)
) STRICT;

CREATE TABLE notes (
    id              TEXT    NOT NULL PRIMARY KEY,
    rev             INTEGER NOT NULL,
    conversation_id TEXT    NOT NULL REFERENCES conversations (id),
    position        TEXT    NOT NULL,
    client_ref      TEXT,
    author          TEXT    NOT NULL,
    body            TEXT    NOT NULL,
    at              INTEGER NOT NULL
) STRICT;
CREATE INDEX notes_thread ON notes (conversation_id, position);

CREATE TABLE media (
    id              TEXT    NOT NULL PRIMARY KEY,
    message_id      TEXT    NOT NULL,
    inbox_id        TEXT    NOT NULL,
    meta_id         TEXT    NOT NULL,
    mime_type       TEXT    NOT NULL,
    sha256          TEXT,
    -- pending, stored, gone
    state           TEXT    NOT NULL,
    attempt         INTEGER NOT NULL,
    not_before      INTEGER NOT NULL,
    first_seen_at   INTEGER NOT NULL,
    width           INTEGER,
    height          INTEGER,
    size_bytes      INTEGER
) STRICT;
CREATE INDEX media_due ON media (state, not_before);

-- Kept but not understood, for the administrator's list.
CREATE TABLE not_understood (
    log_no  INTEGER NOT NULL,
    item_no INTEGER NOT NULL,
    field   TEXT    NOT NULL,
    kind    TEXT    NOT NULL,
    at      INTEGER NOT NULL,
    PRIMARY KEY (log_no, item_no)
) STRICT;
