-- The outbox: every event that must not be lost, committed before anyone acts on it.

-- migrate:up
CREATE TABLE events_outbox (
  id            bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  event_id      text   NOT NULL UNIQUE,   -- given by whoever made the event: delivered again, it is known again
  kind          text   NOT NULL,
  payload       jsonb  NOT NULL,
  created_us    bigint NOT NULL DEFAULT now_us(),
  published_us  bigint                    -- when its receivers had it
);
CREATE INDEX events_outbox_unpublished ON events_outbox (id) WHERE published_us IS NULL;
CREATE INDEX events_outbox_by_age ON events_outbox USING brin (created_us);

-- migrate:down
DROP TABLE events_outbox;
