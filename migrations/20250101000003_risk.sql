-- What risk limits did, and the kill switches that are engaged. A restart does not release one: whoever restarts
-- a gateway at night may not know that it was stopped for a reason.

-- migrate:up
CREATE TABLE risk_events (
  instance              text    NOT NULL,  -- '' for limits that all instances share
  number                integer NOT NULL,  -- counts the events of one instance since its gateway's start
  status                text    NOT NULL,
  limit_name            text    NOT NULL,  -- as in a pipeline's `risk`
  reason                text    NOT NULL,
  kill_switch_engaged   boolean NOT NULL,
  circuit_breaker_open  boolean NOT NULL,
  occurred_us           bigint  NOT NULL,
  created_us            bigint  NOT NULL DEFAULT now_us(),
  PRIMARY KEY (instance, occurred_us, number)
);

CREATE TABLE halts (
  instance    text   PRIMARY KEY,         -- '' for the switch that all instances share
  reason      text   NOT NULL,
  engaged_us  bigint NOT NULL,
  created_us  bigint NOT NULL DEFAULT now_us()
);

-- migrate:down
DROP TABLE halts;
DROP TABLE risk_events;
