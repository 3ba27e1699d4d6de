-- The append-only log of webhooks, as received. The truth from which the rest is projected.
-- It shares the database; a counter row keeps the order of numbers the order of commits.
CREATE TABLE webhook_log (
    no          BIGINT NOT NULL PRIMARY KEY,
    received_at BIGINT NOT NULL,
    body        BYTEA    NOT NULL
);

CREATE TABLE webhook_log_counter (
    id   BIGINT NOT NULL PRIMARY KEY,
    last BIGINT NOT NULL
);
INSERT INTO webhook_log_counter (id, last) VALUES (1, 0);
