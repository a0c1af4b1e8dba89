-- Kill switches that are engaged. A restart does not release one: whoever restarts a gateway at night may not
-- know that it was stopped for a reason.

-- migrate:up
CREATE TABLE halts (
  instance    text   PRIMARY KEY,         -- '' for the switch that all instances share
  reason      text   NOT NULL,
  engaged_us  bigint NOT NULL,
  created_us  bigint NOT NULL DEFAULT now_us()
);

-- migrate:down
DROP TABLE halts;
