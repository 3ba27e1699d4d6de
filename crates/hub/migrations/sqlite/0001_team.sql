-- The team, its people and its numbers. One row in `team`: the counter that orders events is
-- taken inside the writing transaction, so that the order of numbers is the order of commits.
CREATE TABLE team (
    id         INTEGER NOT NULL PRIMARY KEY,
    hub_id     TEXT    NOT NULL,
    name       TEXT    NOT NULL,
    last_event INTEGER NOT NULL,
    log_cursor INTEGER NOT NULL,
    -- Set when Meta refused the token or the account: nothing is sent until an admin acted.
    stopped    TEXT,
    stopped_at INTEGER,
    -- Meta's clock less ours at Meta's last answer.
    meta_clock_offset_ms INTEGER,
    created_at INTEGER NOT NULL
) STRICT;

CREATE TABLE agents (
    id         TEXT    NOT NULL PRIMARY KEY,
    rev        INTEGER NOT NULL,
    name       TEXT    NOT NULL,
    role       TEXT    NOT NULL,
    revoked    INTEGER NOT NULL,
    created_at INTEGER NOT NULL
) STRICT;

-- Only hashes are kept: neither a code nor a token can be read out of a backup.
CREATE TABLE join_codes (
    code_hash  TEXT    NOT NULL PRIMARY KEY,
    agent_id   TEXT    NOT NULL REFERENCES agents (id),
    expires_at INTEGER NOT NULL,
    used_at    INTEGER
) STRICT;

CREATE TABLE tokens (
    token_hash TEXT    NOT NULL PRIMARY KEY,
    agent_id   TEXT    NOT NULL REFERENCES agents (id),
    device     TEXT    NOT NULL,
    created_at INTEGER NOT NULL
) STRICT;

CREATE TABLE inboxes (
    id              TEXT    NOT NULL PRIMARY KEY,
    rev             INTEGER NOT NULL,
    name            TEXT    NOT NULL,
    number          TEXT    NOT NULL,
    phone_number_id TEXT    NOT NULL UNIQUE,
    waba_id         TEXT    NOT NULL,
    paused          TEXT,
    paused_at       INTEGER,
    margin_ms       INTEGER NOT NULL,
    read_receipts   TEXT    NOT NULL,
    last_inbound_at INTEGER,
    last_echo_at    INTEGER,
    last_status_at  INTEGER,
    -- Nothing to Meta for this number before then (130429).
    pause_until     INTEGER
) STRICT;

-- The newest change of each row, by number. A stream reads the row itself, so it always sends
-- the newest state; the guard is the row's `rev`.
CREATE TABLE events (
    no     INTEGER NOT NULL PRIMARY KEY,
    kind   TEXT    NOT NULL,
    row_id TEXT    NOT NULL,
    -- Where the row went, for those that are gone.
    extra  TEXT
) STRICT;

-- The answer to a repeated command is the first answer.
CREATE TABLE commands (
    client_ref TEXT    NOT NULL PRIMARY KEY,
    agent_id   TEXT    NOT NULL,
    answer     TEXT    NOT NULL,
    at         INTEGER NOT NULL
) STRICT;
