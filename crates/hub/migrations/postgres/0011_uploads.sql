-- Uploads that no message took, oldest first: they are thrown away after a month.
CREATE INDEX media_unsent ON media (first_seen_at) WHERE message_id = '';
