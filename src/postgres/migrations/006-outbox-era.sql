-- The era of what is written now. After a dump is restored on another server, which numbers its transactions anew, it is the
-- next one at once, whether anybody has begun it in the table yet or not.
CREATE FUNCTION current_era() RETURNS bigint LANGUAGE sql STABLE
RETURN (
  SELECT e.number + (e.system_identifier <> c.system_identifier)::integer FROM era e, pg_control_system() c
);

-- What is there has committed, since nobody is writing now: its era is over.
ALTER TABLE outbox ADD COLUMN era bigint NOT NULL DEFAULT 0;
ALTER TABLE outbox ALTER COLUMN era SET DEFAULT current_era();
