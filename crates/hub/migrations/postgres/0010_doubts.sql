-- Which sendings of a message are in doubt: as JSON, when the answer was lost by generation.
ALTER TABLE outbox ADD COLUMN doubts TEXT;
UPDATE outbox SET doubts = '{"' || generation || '":' || lost_at || '}' WHERE lost_at IS NOT NULL;
