-- Files that lie at the hub and wait for Send, as JSON; empty for none.
ALTER TABLE drafts ADD COLUMN files TEXT NOT NULL DEFAULT '';
