-- Which server numbers the transactions here: after a dump is restored on another one, its xids begin anew, and a new era.
CREATE TABLE era (
  id integer PRIMARY KEY DEFAULT 1 CHECK (id = 1),
  number bigint NOT NULL,
  system_identifier bigint NOT NULL
);
INSERT INTO era (number, system_identifier) SELECT 1, system_identifier FROM pg_control_system();

CREATE TABLE stream (
  name text COLLATE "C" NOT NULL,
  id text COLLATE "C" NOT NULL,
  version bigint NOT NULL,
  appended_at bigint NOT NULL,
  PRIMARY KEY (name, id)
);

-- Era, xid and place in this order are the order of all streams: a transaction gets its xid after the locks of its streams.
CREATE TABLE stream_event (
  era bigint NOT NULL,
  xid xid8 NOT NULL DEFAULT pg_current_xact_id(),
  place bigint GENERATED ALWAYS AS IDENTITY,
  version bigint NOT NULL,
  time_ms bigint NOT NULL,
  name text COLLATE "C" NOT NULL,
  id text COLLATE "C" NOT NULL,
  event_id text COLLATE "C" NOT NULL UNIQUE,
  type text COLLATE "C" NOT NULL,
  body text NOT NULL,
  PRIMARY KEY (name, id, version)
);
CREATE UNIQUE INDEX stream_event_position ON stream_event (era, xid, place);

CREATE TABLE snapshot (
  name text COLLATE "C" NOT NULL,
  id text COLLATE "C" NOT NULL,
  key text COLLATE "C" NOT NULL,
  version bigint NOT NULL,
  state text NOT NULL,
  PRIMARY KEY (name, id)
);

-- The number of the last build that was begun of each projection.
CREATE TABLE projection (
  name text COLLATE "C" PRIMARY KEY,
  last_build bigint NOT NULL
);

CREATE TABLE checkpoint (
  projection text COLLATE "C" NOT NULL,
  build bigint NOT NULL,
  state text NOT NULL CHECK (state IN ('live', 'building')),
  position text,
  PRIMARY KEY (projection, build),
  UNIQUE (projection, state)
);
