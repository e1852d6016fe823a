-- A log: topics, their partitions, records, and the groups that read them.

CREATE TABLE topic (
  name text COLLATE "C" PRIMARY KEY,
  partitions integer NOT NULL,
  retention_age_ms bigint,
  retention_bytes bigint
);

-- The head row of a partition: whoever appends locks it until the commit, so that offsets are dense and in commit order.
CREATE TABLE topic_partition (
  slot integer GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  topic text COLLATE "C" NOT NULL,
  partition integer NOT NULL,
  begin_offset bigint NOT NULL DEFAULT 0,
  end_offset bigint NOT NULL DEFAULT 0,
  appended_at bigint NOT NULL DEFAULT 0,
  bytes bigint NOT NULL DEFAULT 0,
  segment integer NOT NULL DEFAULT 1,
  UNIQUE (topic, partition)
) WITH (fillfactor = 50);

-- Records lie in the segment of their time, of all topics together: what retention has left nothing of is dropped whole.
CREATE TABLE segment (
  id integer PRIMARY KEY,
  begun_at bigint NOT NULL
);
INSERT INTO segment VALUES (1, (extract(epoch FROM clock_timestamp()) * 1000)::bigint);

CREATE TABLE record (
  slot integer NOT NULL,
  segment integer NOT NULL,
  record_offset bigint NOT NULL,
  appended_at bigint NOT NULL,
  checksum bigint NOT NULL,
  body text NOT NULL,
  PRIMARY KEY (slot, record_offset, segment)
) PARTITION BY LIST (segment);
CREATE TABLE record_1 PARTITION OF record FOR VALUES IN (1);

CREATE TABLE delayed (
  id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  not_before bigint NOT NULL,
  slot integer NOT NULL,
  checksum bigint NOT NULL,
  body text NOT NULL
);
CREATE INDEX delayed_due ON delayed (not_before, id);

-- Appends records, each by its slot and its rank among those of the slot; of each slot, how many there are and their bytes.
-- Partitions are locked in the order of their slots, so that nobody waits for each other. Each statement of a function sees
-- what has committed by then. Returns the slots that were there.
CREATE FUNCTION append_records(
  slots integer[], counts integer[], sizes bigint[],
  record_slots integer[], ranks integer[], bodies text[], checksums bigint[], now_ms bigint
) RETURNS integer[] LANGUAGE plpgsql SET search_path FROM CURRENT AS $$
DECLARE
  appended integer[];
BEGIN
  PERFORM FROM topic_partition p WHERE p.slot = ANY (slots) ORDER BY p.slot FOR UPDATE;
  WITH moved AS (
    UPDATE topic_partition p SET
      end_offset = p.end_offset + c.records,
      bytes = p.bytes + c.bytes,
      appended_at = greatest(p.appended_at, now_ms),
      segment = greatest(p.segment, (SELECT max(s.id) FROM segment s))
    FROM unnest(slots, counts, sizes) c (slot, records, bytes)
    WHERE p.slot = c.slot
    RETURNING p.slot, p.segment, p.end_offset - c.records AS first, p.appended_at
  ), added AS (
    INSERT INTO record (slot, segment, record_offset, appended_at, checksum, body)
    SELECT i.slot, m.segment, m.first + i.rank, m.appended_at, i.checksum, i.body
    FROM unnest(record_slots, ranks, bodies, checksums) i (slot, rank, body, checksum)
    JOIN moved m ON m.slot = i.slot
  )
  SELECT array_agg(m.slot) INTO appended FROM moved m;
  RETURN appended;
END $$;

-- The same in the order of the arrays, counted here.
CREATE FUNCTION append_in_order(record_slots integer[], bodies text[], checksums bigint[], now_ms bigint)
RETURNS integer[] LANGUAGE sql SET search_path FROM CURRENT AS $$
  WITH input AS MATERIALIZED (
    SELECT i.slot, i.body, i.checksum, i.place, row_number() OVER (PARTITION BY i.slot ORDER BY i.place) - 1 AS rank
    FROM unnest(record_slots, bodies, checksums) WITH ORDINALITY i (slot, body, checksum, place)
  ), heads AS MATERIALIZED (
    SELECT i.slot, count(*) AS records, sum(octet_length(i.body)) AS bytes FROM input i GROUP BY i.slot
  )
  SELECT append_records(
    (SELECT array_agg(h.slot ORDER BY h.slot) FROM heads h),
    (SELECT array_agg(h.records::integer ORDER BY h.slot) FROM heads h),
    (SELECT array_agg(h.bytes ORDER BY h.slot) FROM heads h),
    (SELECT array_agg(i.slot ORDER BY i.place) FROM input i),
    (SELECT array_agg(i.rank::integer ORDER BY i.place) FROM input i),
    (SELECT array_agg(i.body ORDER BY i.place) FROM input i),
    (SELECT array_agg(i.checksum ORDER BY i.place) FROM input i),
    now_ms
  )
$$;

-- Appends what is due by now, and lets the rest wait in `delayed`.
CREATE FUNCTION append_or_delay(
  record_slots integer[], bodies text[], checksums bigint[], not_befores bigint[], now_ms bigint,
  OUT appended integer[], OUT waiting boolean
) LANGUAGE plpgsql SET search_path FROM CURRENT AS $$
BEGIN
  INSERT INTO delayed (not_before, slot, checksum, body)
  SELECT i.not_before, i.slot, i.checksum, i.body
  FROM unnest(record_slots, bodies, checksums, not_befores) WITH ORDINALITY i (slot, body, checksum, not_before, place)
  WHERE i.not_before > now_ms ORDER BY i.place;
  waiting := FOUND;
  SELECT append_in_order(
    array_agg(i.slot ORDER BY i.place), array_agg(i.body ORDER BY i.place), array_agg(i.checksum ORDER BY i.place), now_ms
  ) INTO appended
  FROM unnest(record_slots, bodies, checksums, not_befores) WITH ORDINALITY i (slot, body, checksum, not_before, place)
  WHERE coalesce(i.not_before, 0) <= now_ms;
END $$;

-- Appends what has come due, as much as one transaction is to hold, one process at a time. The next due time, or null.
CREATE FUNCTION append_due(
  most_records integer, most_bytes bigint, now_ms bigint, OUT appended integer[], OUT next_due bigint
) LANGUAGE plpgsql SET search_path FROM CURRENT AS $$
DECLARE
  ids bigint[];
  slots integer[];
  bodies text[];
  checksums bigint[];
BEGIN
  PERFORM pg_advisory_xact_lock(hashtextextended('tidings due ' || current_schema(), 0));
  SELECT array_agg(d.id ORDER BY d.not_before, d.id), array_agg(d.slot ORDER BY d.not_before, d.id),
    array_agg(d.body ORDER BY d.not_before, d.id), array_agg(d.checksum ORDER BY d.not_before, d.id)
  INTO ids, slots, bodies, checksums
  FROM (
    SELECT o.*, sum(octet_length(o.body)) OVER (ORDER BY o.not_before, o.id) AS bytes,
      row_number() OVER (ORDER BY o.not_before, o.id) AS place
    FROM (
      SELECT * FROM delayed w WHERE w.not_before <= now_ms ORDER BY w.not_before, w.id LIMIT most_records
    ) o
  ) d WHERE d.bytes <= most_bytes OR d.place = 1;
  IF ids IS NOT NULL THEN
    DELETE FROM delayed d WHERE d.id = ANY (ids);
    appended := append_in_order(slots, bodies, checksums, now_ms);
  END IF;
  SELECT min(d.not_before) INTO next_due FROM delayed d;
END $$;

-- Begins the segment after this one, unless another process has: the newest then. By the owner of the tables, so that a
-- service needs no right to create any. Attached and not created in place, which would wait for every reader.
CREATE FUNCTION begin_segment(newest integer, now_ms bigint) RETURNS integer
LANGUAGE plpgsql SECURITY DEFINER SET search_path FROM CURRENT SET lock_timeout = '200ms' AS $$
DECLARE
  next integer := newest + 1;
BEGIN
  INSERT INTO segment VALUES (next, now_ms) ON CONFLICT DO NOTHING;
  IF FOUND THEN
    EXECUTE format('CREATE TABLE record_%s (LIKE record INCLUDING ALL)', next);
    EXECUTE format('ALTER TABLE record ATTACH PARTITION record_%s FOR VALUES IN (%s)', next, next);
  END IF;
  RETURN (SELECT max(s.id) FROM segment s);
END $$;

-- Drops the segments of which nothing is kept. Not the newest, nor the one before while an append may still be under way.
CREATE FUNCTION drop_segments(now_ms bigint) RETURNS integer
LANGUAGE plpgsql SECURITY DEFINER SET search_path FROM CURRENT SET lock_timeout = '200ms' AS $$
DECLARE
  old integer;
  dropped integer := 0;
  empty integer[] := ARRAY(
    SELECT s.id FROM segment s
    WHERE EXISTS (SELECT FROM segment n WHERE n.id > s.id AND n.begun_at < now_ms - 60000)
    AND NOT EXISTS (
      SELECT FROM topic_partition p WHERE EXISTS (
        SELECT FROM record r WHERE r.slot = p.slot AND r.segment = s.id AND r.record_offset >= p.begin_offset
      )
    ) ORDER BY s.id
  );
BEGIN
  FOREACH old IN ARRAY empty LOOP
    EXECUTE format('DROP TABLE record_%s', old);
    DELETE FROM segment s WHERE s.id = old;
    dropped := dropped + 1;
  END LOOP;
  RETURN dropped;
END $$;

CREATE TABLE consumer_group (
  name text COLLATE "C" PRIMARY KEY,
  revision bigint NOT NULL,
  state text NOT NULL
);

CREATE TABLE consumer_commit (
  group_name text COLLATE "C" NOT NULL,
  topic text COLLATE "C" NOT NULL,
  partition integer NOT NULL,
  generation bigint NOT NULL,
  -- Null where the partition was granted and never committed.
  next_offset bigint,
  state text NOT NULL DEFAULT '',
  PRIMARY KEY (group_name, topic, partition)
) WITH (fillfactor = 50);

CREATE TABLE dead_letter (
  id text COLLATE "C" PRIMARY KEY,
  group_name text COLLATE "C" NOT NULL,
  topic text COLLATE "C" NOT NULL,
  partition integer NOT NULL,
  record_offset bigint NOT NULL,
  state text COLLATE "C" NOT NULL,
  event_key text,
  attempts integer NOT NULL,
  next_attempt_at bigint,
  discard_reason text,
  entry text NOT NULL,
  encoded text NOT NULL
);
CREATE INDEX dead_letter_open ON dead_letter (group_name, topic, partition, state);
