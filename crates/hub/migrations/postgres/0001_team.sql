-- The team, its people and its numbers. One row in `team`: the counter that orders events is
-- taken inside the writing transaction, so that the order of numbers is the order of commits.
CREATE TABLE team (
    id         BIGINT NOT NULL PRIMARY KEY,
    hub_id     TEXT    NOT NULL,
    name       TEXT    NOT NULL,
    last_event BIGINT NOT NULL,
    log_cursor BIGINT NOT NULL,
    -- Set when Meta refused the token or the account: nothing is sent until an admin acted.
    stopped    TEXT,
    stopped_at BIGINT,
    -- Meta's clock less ours at Meta's last answer.
    meta_clock_offset_ms BIGINT,
    created_at BIGINT NOT NULL
);

CREATE TABLE agents (
    id         TEXT    NOT NULL PRIMARY KEY,
    rev        BIGINT NOT NULL,
    name       TEXT    NOT NULL,
    role       TEXT    NOT NULL,
    revoked    BIGINT NOT NULL,
    created_at BIGINT NOT NULL
);

-- Only hashes are kept: neither a code nor a token can be read out of a backup.
CREATE TABLE join_codes (
    code_hash  TEXT    NOT NULL PRIMARY KEY,
    agent_id   TEXT    NOT NULL REFERENCES agents (id),
    expires_at BIGINT NOT NULL,
    used_at    BIGINT
);

CREATE TABLE tokens (
    token_hash TEXT    NOT NULL PRIMARY KEY,
    agent_id   TEXT    NOT NULL REFERENCES agents (id),
    device     TEXT    NOT NULL,
    created_at BIGINT NOT NULL
);

CREATE TABLE inboxes (
    id              TEXT    NOT NULL PRIMARY KEY,
    rev             BIGINT NOT NULL,
    name            TEXT    NOT NULL,
    number          TEXT    NOT NULL,
    phone_number_id TEXT    NOT NULL UNIQUE,
    waba_id         TEXT    NOT NULL,
    paused          TEXT,
    paused_at       BIGINT,
    margin_ms       BIGINT NOT NULL,
    read_receipts   TEXT    NOT NULL,
    last_inbound_at BIGINT,
    last_echo_at    BIGINT,
    last_status_at  BIGINT,
    -- Nothing to Meta for this number before then (130429).
    pause_until     BIGINT
);

-- The newest change of each row, by number. A stream reads the row itself, so it always sends
-- the newest state; the guard is the row's `rev`.
CREATE TABLE events (
    no     BIGINT NOT NULL PRIMARY KEY,
    kind   TEXT    NOT NULL,
    row_id TEXT    NOT NULL,
    -- Where the row went, for those that are gone.
    extra  TEXT
);

-- The answer to a repeated command is the first answer.
CREATE TABLE commands (
    client_ref TEXT    NOT NULL PRIMARY KEY,
    agent_id   TEXT    NOT NULL,
    answer     TEXT    NOT NULL,
    at         BIGINT NOT NULL
);
