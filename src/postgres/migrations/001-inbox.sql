-- What groups have handled, in the database of their handlers' rows.

CREATE TABLE inbox (
  group_name text COLLATE "C" NOT NULL,
  run_number bigint NOT NULL,
  source text COLLATE "C" NOT NULL,
  id text COLLATE "C" NOT NULL,
  handled_at bigint NOT NULL,
  PRIMARY KEY (group_name, run_number, source, id)
);
CREATE INDEX inbox_age ON inbox (group_name, handled_at);

-- The newest generation of each partition's owners that has written here: an older one is refused.
CREATE TABLE fence (
  group_name text COLLATE "C" NOT NULL,
  topic text COLLATE "C" NOT NULL,
  partition integer NOT NULL,
  generation bigint NOT NULL,
  PRIMARY KEY (group_name, topic, partition)
);
