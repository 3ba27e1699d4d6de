-- Customers, conversations and what was said. Projected from the webhook log, except for the
-- columns that agents set (assignee, progress, labels, about, seen).
CREATE TABLE customers (
    id              TEXT    NOT NULL PRIMARY KEY,
    phone           TEXT,
    bsuid           TEXT,
    username        TEXT,
    book_name       TEXT,
    book_name_at    BIGINT NOT NULL,
    profile_name    TEXT,
    profile_name_at BIGINT NOT NULL,
    given_name      TEXT,
    about           TEXT    NOT NULL,
    blocked         TEXT,
    blocked_at      BIGINT
);

-- All keys under which a customer is known, in canonical spelling.
CREATE TABLE identities (
    kind        TEXT NOT NULL,
    value       TEXT NOT NULL,
    customer_id TEXT NOT NULL REFERENCES customers (id),
    PRIMARY KEY (kind, value)
);
CREATE INDEX identities_customer ON identities (customer_id);

CREATE TABLE conversations (
    id                  TEXT    NOT NULL PRIMARY KEY,
    rev                 BIGINT NOT NULL,
    inbox_id            TEXT    NOT NULL REFERENCES inboxes (id),
    customer_id         TEXT    NOT NULL REFERENCES customers (id),
    activity_at         BIGINT NOT NULL,
    last_line           TEXT,
    unread              BIGINT NOT NULL,
    waiting_since       BIGINT,
    -- The window's facts: all that is stored about it. No flag "open" exists.
    opening_event       TEXT,
    opening_kind        TEXT,
    opening_meta_at     BIGINT,
    opening_received_at BIGINT,
    refusal_at          BIGINT,
    refusal_message     TEXT,
    phone_first_at      BIGINT,
    phone_first_by      TEXT,
    only_history        BIGINT NOT NULL,
    first_customer_at   BIGINT,
    last_customer_at    BIGINT,
    assignee            TEXT,
    progress            TEXT    NOT NULL,
    labels              TEXT    NOT NULL,
    parked              BIGINT NOT NULL,
    seen_upto           TEXT    NOT NULL,
    -- Nothing to Meta for this customer before then (131056).
    pause_until         BIGINT,
    UNIQUE (inbox_id, customer_id)
);
CREATE INDEX conversations_customer ON conversations (customer_id);

CREATE TABLE messages (
    id              TEXT    NOT NULL PRIMARY KEY,
    rev             BIGINT NOT NULL,
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
    at              BIGINT NOT NULL,
    received_at     BIGINT NOT NULL,
    quotes          TEXT,
    -- What our own outbox knows of it, before Meta's reports are applied.
    base_delivery   TEXT,
    delivery        TEXT,
    -- Counts as an answer: it left, or is on its way.
    answers         BIGINT NOT NULL,
    send_before     BIGINT,
    occurrence      TEXT    NOT NULL
);
CREATE INDEX messages_thread ON messages (conversation_id, position);

-- The newest reaction of each side on each message; kept apart because it may come first.
CREATE TABLE reactions (
    target_wamid TEXT    NOT NULL,
    -- customer, phone, or an agent's id
    reactor      TEXT    NOT NULL,
    -- Empty: removed. The row stays, so that an older reaction cannot come back.
    emoji        TEXT    NOT NULL,
    at           BIGINT NOT NULL,
    event_id     TEXT    NOT NULL,
    PRIMARY KEY (target_wamid, reactor)
);

-- Meta's reports by message, each kind once with its earliest time; may come before the message.
CREATE TABLE reports (
    wamid   TEXT    NOT NULL,
    receipt TEXT    NOT NULL,
    at      BIGINT NOT NULL,
    failure TEXT,
    PRIMARY KEY (wamid, receipt)
);

CREATE TABLE notes (
    id              TEXT    NOT NULL PRIMARY KEY,
    rev             BIGINT NOT NULL,
    conversation_id TEXT    NOT NULL REFERENCES conversations (id),
    position        TEXT    NOT NULL,
    client_ref      TEXT,
    author          TEXT    NOT NULL,
    body            TEXT    NOT NULL,
    at              BIGINT NOT NULL
);
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
    attempt         BIGINT NOT NULL,
    not_before      BIGINT NOT NULL,
    first_seen_at   BIGINT NOT NULL,
    width           BIGINT,
    height          BIGINT,
    size_bytes      BIGINT
);
CREATE INDEX media_due ON media (state, not_before);

-- Kept but not understood, for the administrator's list.
CREATE TABLE not_understood (
    log_no  BIGINT NOT NULL,
    item_no BIGINT NOT NULL,
    field   TEXT    NOT NULL,
    kind    TEXT    NOT NULL,
    at      BIGINT NOT NULL,
    PRIMARY KEY (log_no, item_no)
);
