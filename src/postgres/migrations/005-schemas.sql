-- A store of schemas. A row of schema_subject without a name has the settings of a whole context, and the last id given there.

CREATE TABLE schema_subject (
  context text COLLATE "C" NOT NULL,
  name text COLLATE "C" NOT NULL,
  revision bigint NOT NULL,
  config text,
  mode text,
  last_id integer,
  PRIMARY KEY (context, name)
);

CREATE TABLE schema_content (
  context text COLLATE "C" NOT NULL,
  id integer NOT NULL,
  guid text COLLATE "C" NOT NULL,
  fingerprint text COLLATE "C" NOT NULL,
  definition text NOT NULL,
  PRIMARY KEY (context, id)
);
CREATE UNIQUE INDEX schema_content_guid ON schema_content (guid, context);
CREATE INDEX schema_content_fingerprint ON schema_content (context, fingerprint);

CREATE TABLE schema_version (
  context text COLLATE "C" NOT NULL,
  name text COLLATE "C" NOT NULL,
  version integer NOT NULL,
  id integer NOT NULL,
  deleted boolean NOT NULL DEFAULT false,
  PRIMARY KEY (context, name, version)
);
CREATE INDEX schema_version_usage ON schema_version (context, id);

CREATE TABLE schema_reference (
  to_context text COLLATE "C" NOT NULL,
  to_name text COLLATE "C" NOT NULL,
  to_version integer NOT NULL,
  context text COLLATE "C" NOT NULL,
  id integer NOT NULL,
  PRIMARY KEY (to_context, to_name, to_version, context, id)
);
CREATE INDEX schema_referrer ON schema_reference (context, id);
