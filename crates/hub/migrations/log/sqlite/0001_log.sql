-- The append-only log of webhooks, as received. The truth from which the rest is projected.
-- It lies in a file of its own: an acknowledgement never waits for the projector's writes.
CREATE TABLE webhook_log (
    no          INTEGER NOT NULL PRIMARY KEY,
    received_at INTEGER NOT NULL,
    body        BLOB    NOT NULL
) STRICT;

CREATE TABLE webhook_log_counter (
    id   INTEGER NOT NULL PRIMARY KEY,
    last INTEGER NOT NULL
) STRICT;
INSERT INTO webhook_log_counter (id, last) VALUES (1, 0);
