-- What the team wants sent, its templates, and its hand-offs to the phone.
CREATE TABLE outbox (
    -- The message's id, which is also our id in Meta's callback data; or `read:<wamid>`.
    id              TEXT    NOT NULL PRIMARY KEY,
    inbox_id        TEXT    NOT NULL,
    conversation_id TEXT    NOT NULL,
    -- Order within the conversation.
    seq             BIGINT NOT NULL,
    payload         TEXT    NOT NULL,
    rights          TEXT    NOT NULL,
    -- waiting, sending, uncertain, accepted, failed, parked
    state           TEXT    NOT NULL,
    detail          TEXT    NOT NULL,
    not_before      BIGINT NOT NULL,
    attempt         BIGINT NOT NULL,
    -- Which hub process is sending it.
    claimed_by      TEXT,
    queued_at       BIGINT NOT NULL
);
CREATE INDEX outbox_due ON outbox (state, not_before);
CREATE INDEX outbox_conversation ON outbox (conversation_id, seq);

CREATE TABLE templates (
    id       TEXT    NOT NULL PRIMARY KEY,
    rev      BIGINT NOT NULL,
    inbox_id TEXT    NOT NULL,
    name     TEXT    NOT NULL,
    language TEXT    NOT NULL,
    body     TEXT    NOT NULL,
    gone     BIGINT NOT NULL,
    UNIQUE (inbox_id, name, language)
);

CREATE TABLE phone_starts (
    id              TEXT    NOT NULL PRIMARY KEY,
    rev             BIGINT NOT NULL,
    inbox_id        TEXT    NOT NULL,
    number          TEXT    NOT NULL,
    -- The spelling under which the customer is filed.
    canonical       TEXT    NOT NULL,
    name            TEXT,
    conversation_id TEXT,
    body            TEXT    NOT NULL,
    asked_by        TEXT    NOT NULL,
    asked_at        BIGINT NOT NULL,
    -- waiting, claimed, cancelled
    state           TEXT    NOT NULL,
    claimed_message TEXT,
    settled_at      BIGINT
);
CREATE INDEX phone_starts_waiting ON phone_starts (state, canonical);
