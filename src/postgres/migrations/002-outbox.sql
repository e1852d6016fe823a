-- Events saved in the caller's transaction, until the relay has published them.
-- The xid stands first: a transaction has it before it gets a position, so that the snapshot knows of it by then.
CREATE TABLE outbox (
  xid xid8 NOT NULL DEFAULT pg_current_xact_id(),
  position bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  topic text COLLATE "C" NOT NULL,
  partition integer NOT NULL,
  not_before bigint,
  added_at bigint NOT NULL DEFAULT (extract(epoch FROM clock_timestamp()) * 1000)::bigint,
  -- Why the engine refuses it for good; of those that are not pending.
  refusal text,
  body text NOT NULL
) WITH (autovacuum_vacuum_scale_factor = 0, autovacuum_vacuum_threshold = 10000);
CREATE INDEX outbox_refused ON outbox (position) WHERE refusal IS NOT NULL;

-- Who may publish from the outbox: one row.
CREATE TABLE relay (
  id integer PRIMARY KEY DEFAULT 1 CHECK (id = 1),
  relay text COLLATE "C" NOT NULL,
  term bigint NOT NULL,
  lease_until bigint NOT NULL,
  -- The relay's session holds the advisory lock: when that is free, the relay is gone.
  locked boolean NOT NULL
);
