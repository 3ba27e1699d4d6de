-- What a desktop keeps. Rows of the team are a cache: they can be thrown away and fetched
-- again. Drafts, the outbox, preferences and recent values are this agent's own.

CREATE TABLE meta (
  key   TEXT PRIMARY KEY,
  value TEXT NOT NULL
) STRICT;

-- The columns by which the list sorts, filters and searches, apart from the rows
-- themselves, so that starting with 100,000 conversations reads little.
CREATE TABLE conversations (
  id             TEXT PRIMARY KEY,
  rev            INTEGER NOT NULL,
  inbox          TEXT NOT NULL,
  name           TEXT NOT NULL,
  digits         TEXT NOT NULL,
  activity_at    INTEGER NOT NULL,
  unread         INTEGER NOT NULL,
  waiting_since  INTEGER,
  opened_at      INTEGER,
  refused_at     INTEGER,
  phone_first_at INTEGER,
  only_history   INTEGER NOT NULL,
  blocked_at     INTEGER,
  assignee       TEXT,
  -- 0 open, 1 snoozed until `progress_at`, 2 resolved at `progress_at`
  progress       INTEGER NOT NULL,
  progress_at    INTEGER,
  parked         INTEGER NOT NULL
) STRICT;

CREATE TABLE conversation_rows (
  id  TEXT PRIMARY KEY,
  row TEXT NOT NULL
) STRICT;

CREATE TABLE messages (
  id           TEXT PRIMARY KEY,
  rev          INTEGER NOT NULL,
  conversation TEXT NOT NULL,
  position     TEXT NOT NULL,
  wamid        TEXT,
  row          TEXT NOT NULL
) STRICT;
CREATE INDEX messages_by_position ON messages (conversation, position);
CREATE INDEX messages_by_wamid ON messages (wamid) WHERE wamid IS NOT NULL;

CREATE TABLE notes (
  id           TEXT PRIMARY KEY,
  rev          INTEGER NOT NULL,
  conversation TEXT NOT NULL,
  position     TEXT NOT NULL,
  row          TEXT NOT NULL
) STRICT;
CREATE INDEX notes_by_position ON notes (conversation, position);

-- From `complete_from` to the newest, the cache holds what the hub holds. Without a line
-- here, what is cached of a conversation may have holes.
CREATE TABLE spans (
  conversation  TEXT PRIMARY KEY,
  complete_from TEXT NOT NULL,
  -- Nothing older exists at the hub.
  whole         INTEGER NOT NULL
) STRICT;

-- What the hub removed, so that a late row does not bring it back.
CREATE TABLE removed (
  id  TEXT PRIMARY KEY,
  rev INTEGER NOT NULL
) STRICT;

-- The few rows of other kinds: `inbox`, `agent`, `template`, `phone_start`.
CREATE TABLE team_rows (
  kind TEXT NOT NULL,
  id   TEXT NOT NULL,
  rev  INTEGER NOT NULL,
  row  TEXT NOT NULL,
  PRIMARY KEY (kind, id)
) STRICT;

-- A snapshot while it arrives. It takes the place of the cache only when it is whole.
CREATE TABLE incoming (
  number INTEGER PRIMARY KEY,
  change TEXT NOT NULL
) STRICT;

CREATE TABLE drafts (
  conversation TEXT NOT NULL,
  agent        TEXT NOT NULL,
  mode         TEXT NOT NULL,
  body         TEXT NOT NULL,
  reply_to     TEXT,
  saved_at     INTEGER NOT NULL,
  PRIMARY KEY (conversation, agent, mode)
) STRICT;

-- Commands that must not be lost, until the hub's rows show them. `lane` names what must
-- keep its order: a conversation, or a number without one.
CREATE TABLE outbox (
  number       INTEGER PRIMARY KEY AUTOINCREMENT,
  client_ref   TEXT NOT NULL UNIQUE,
  lane         TEXT NOT NULL,
  conversation TEXT,
  command      TEXT NOT NULL,
  queued_at    INTEGER NOT NULL,
  send_before  INTEGER,
  -- waiting, under_way (the hub may have it), answered, parked, refused
  state        TEXT NOT NULL,
  answer       TEXT,
  error        TEXT
) STRICT;
CREATE INDEX outbox_by_conversation ON outbox (conversation);

CREATE TABLE template_uses (
  template    TEXT PRIMARY KEY,
  used_at     INTEGER NOT NULL,
  last_values TEXT NOT NULL
) STRICT;

CREATE TABLE media (
  id        TEXT PRIMARY KEY,
  mime_type TEXT NOT NULL,
  size      INTEGER NOT NULL,
  -- Grows with every use, so that the least recently used file goes first.
  used      INTEGER NOT NULL
) STRICT;
