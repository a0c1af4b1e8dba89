-- What a gateway was started with: providers, the routes they feed, and strategy instances.
--
-- Every time in this schema is a bigint of microseconds since the Unix epoch, in UTC, as in the gateway's
-- own records, so that no time is ever rounded on its way; columns of this kind end in `_us`.
-- `created_us` and `changed_us` are the clock of the database, all other times those of the events.

-- migrate:up
CREATE FUNCTION now_us() RETURNS bigint LANGUAGE sql VOLATILE PARALLEL SAFE
  RETURN (extract(epoch FROM clock_timestamp()) * 1000000)::bigint;

CREATE TABLE providers (
  name        text   PRIMARY KEY,
  adapter     text   NOT NULL,
  symbols     text[] NOT NULL,
  settings    jsonb  NOT NULL,            -- secrets stand in it as their names, never as their values
  trades      boolean NOT NULL,
  created_us  bigint NOT NULL DEFAULT now_us(),
  changed_us  bigint NOT NULL DEFAULT now_us()
);

CREATE TABLE provider_routes (
  provider    text    NOT NULL REFERENCES providers (name) ON DELETE CASCADE,
  pipeline    text    NOT NULL,
  route       text    NOT NULL,
  event       text    NOT NULL,
  targets     text[]  NOT NULL,           -- strategies and sinks that the route delivers to
  durable     boolean NOT NULL,
  created_us  bigint  NOT NULL DEFAULT now_us(),
  PRIMARY KEY (pipeline, route, provider)
);
CREATE INDEX provider_routes_by_provider ON provider_routes (provider);

CREATE TABLE strategy_instances (
  id          text    PRIMARY KEY,
  pipeline    text    NOT NULL,
  strategy    text    NOT NULL,           -- name of the module
  selector    text    NOT NULL,           -- as the pipeline names it
  tag         text    NOT NULL,
  sha256      text    NOT NULL,
  config      jsonb   NOT NULL,
  trade_on    text    REFERENCES providers (name),
  symbols     text[]  NOT NULL,
  dry_run     boolean NOT NULL,
  graph_hash  text    NOT NULL,           -- of the graph that last ran it
  created_us  bigint  NOT NULL DEFAULT now_us(),
  changed_us  bigint  NOT NULL DEFAULT now_us()
);
CREATE INDEX strategy_instances_by_module ON strategy_instances (strategy, sha256);

-- migrate:down
DROP TABLE strategy_instances;
DROP TABLE provider_routes;
DROP TABLE providers;
DROP FUNCTION now_us();
