-- Reads a page: records of a slot from an offset on, in their order, as many as `most_bytes` hold, but the first in any
-- case. A last row without a record says what the page is of: the bounds of the partition, the segment of the page's last
-- record, and whether there was more than it holds.
-- The end is read first and the begin last, each as of then: all that lies between is there, unless somebody deleted it.
-- The plan is kept, and always the one by the index: planned for every page it took as long as reading, and on a table that was
-- empty when it was planned it might read all of it.
CREATE FUNCTION read_records(
  read_slot integer, from_offset bigint, from_segment integer, most_records integer, most_bytes bigint
) RETURNS TABLE (
  record_offset bigint, appended_at bigint, checksum bigint, body text,
  begin_offset bigint, end_offset bigint, segment integer, is_cut boolean
) LANGUAGE plpgsql SET search_path FROM CURRENT
SET plan_cache_mode = force_generic_plan SET enable_seqscan = off SET enable_bitmapscan = off SET enable_sort = off AS $$
DECLARE
  head record;
  record_segment integer;
  last_segment integer;
  bytes bigint := 0;
  cut boolean := false;
BEGIN
  SELECT p.begin_offset, p.end_offset INTO head FROM topic_partition p WHERE p.slot = read_slot;
  FOR record_offset, record_segment, appended_at, checksum, body IN
    SELECT r.record_offset, r.segment, r.appended_at, r.checksum, r.body FROM record r
    WHERE r.slot = read_slot AND r.record_offset >= greatest(from_offset, head.begin_offset) AND r.segment >= from_segment
    ORDER BY r.record_offset LIMIT most_records
  LOOP
    cut := bytes > 0 AND bytes + octet_length(body) > most_bytes;
    EXIT WHEN cut;
    bytes := bytes + octet_length(body);
    last_segment := record_segment;
    RETURN NEXT;
  END LOOP;
  SELECT NULL, NULL, NULL, NULL, p.begin_offset, head.end_offset, last_segment, cut
  INTO record_offset, appended_at, checksum, body, begin_offset, end_offset, segment, is_cut
  FROM topic_partition p WHERE p.slot = read_slot;
  RETURN NEXT;
END $$;
