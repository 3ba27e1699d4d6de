-- What the outbox must find without reading each row's detail.

-- The last moment at which the message may leave; NULL where it needs no window.
ALTER TABLE outbox ADD COLUMN send_before BIGINT;
-- Grows by one each time a person says "send again".
ALTER TABLE outbox ADD COLUMN generation BIGINT NOT NULL DEFAULT 1;
-- Whose message it is: nobody's burst holds up the others.
ALTER TABLE outbox ADD COLUMN agent_id TEXT;
-- When the last request for it was made. How fast messages leave is worked out from these.
ALTER TABLE outbox ADD COLUMN claimed_at BIGINT;
-- When an answer about it was last lost: the customer may have it, whatever became of it since.
ALTER TABLE outbox ADD COLUMN lost_at BIGINT;

UPDATE outbox SET send_before = CAST(CAST(rights AS json) ->> 'send_before' AS BIGINT),
    agent_id = (SELECT m.author_agent FROM messages m WHERE m.id = outbox.id);
UPDATE outbox SET lost_at = not_before WHERE state = 'uncertain';

CREATE INDEX outbox_deadline ON outbox (state, send_before);
CREATE INDEX outbox_number_pace ON outbox (inbox_id, claimed_at);
CREATE INDEX outbox_pair_pace ON outbox (conversation_id, claimed_at);
