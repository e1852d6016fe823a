-- A stream has several snapshots, of builds that run side by side.
ALTER TABLE snapshot DROP CONSTRAINT snapshot_pkey;
ALTER TABLE snapshot ADD PRIMARY KEY (name, id, key);
