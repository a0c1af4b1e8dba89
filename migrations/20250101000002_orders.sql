-- Orders, what was executed of them, and the balances that venues report.
-- Amounts are NUMERIC(32,16); `orders.notional`, a sum of products of two amounts, is exact and so has no bound.

-- migrate:up
CREATE TABLE orders (
  client_order_id   text PRIMARY KEY,
  instance          text NOT NULL REFERENCES strategy_instances (id),
  provider          text NOT NULL REFERENCES providers (name),
  symbol            text NOT NULL,
  side              text NOT NULL CHECK (side IN ('buy', 'sell')),
  type              text NOT NULL CHECK (type IN ('limit', 'market')),
  time_in_force     text NOT NULL CHECK (time_in_force IN ('gtc', 'ioc', 'fok')),
  quantity          numeric(32, 16) NOT NULL CHECK (quantity > 0),
  price             numeric(32, 16) CHECK (price > 0),
  state             text NOT NULL CHECK (state IN
                      ('NEW', 'ACKNOWLEDGED', 'PARTIALLY_FILLED', 'FILLED', 'CANCELLED', 'REJECTED', 'EXPIRED')),
  exchange_order_id text NOT NULL,
  filled            numeric(32, 16) NOT NULL CHECK (filled >= 0 AND filled <= quantity),
  notional          numeric NOT NULL,
  average_price     numeric(32, 16),
  fees              jsonb NOT NULL,       -- amount by asset, as decimal strings
  reason            text NOT NULL,
  amendment         jsonb,                -- the amend that is on its way
  outcome_unknown   boolean NOT NULL,
  version           integer NOT NULL,     -- counts the changes; a lower one never replaces a higher one
  placed_us         bigint NOT NULL,
  acknowledged_us   bigint,
  completed_us      bigint,
  updated_us        bigint NOT NULL,
  created_us        bigint NOT NULL DEFAULT now_us(),
  CHECK (type = 'limit' OR price IS NULL)
) WITH (fillfactor = 80);                 -- an order is changed a few times soon after it was placed
CREATE INDEX orders_by_instance ON orders (instance, placed_us DESC, client_order_id DESC);
CREATE INDEX orders_by_state ON orders (instance, state, placed_us DESC, client_order_id DESC);
CREATE INDEX orders_open ON orders (client_order_id)
  WHERE state IN ('NEW', 'ACKNOWLEDGED', 'PARTIALLY_FILLED');

CREATE TABLE executions (
  client_order_id   text NOT NULL REFERENCES orders (client_order_id),
  execution_id      text NOT NULL,
  instance          text NOT NULL,
  provider          text NOT NULL,
  symbol            text NOT NULL,
  side              text NOT NULL CHECK (side IN ('buy', 'sell')),
  quantity          numeric(32, 16) NOT NULL CHECK (quantity > 0),
  price             numeric(32, 16) NOT NULL CHECK (price > 0),
  fee               numeric(32, 16) NOT NULL,   -- below zero for a rebate
  fee_asset         text NOT NULL,
  is_maker          boolean NOT NULL,
  traded_us         bigint NOT NULL,
  created_us        bigint NOT NULL DEFAULT now_us(),
  PRIMARY KEY (client_order_id, execution_id)
);
CREATE INDEX executions_by_instance ON executions (instance, traded_us DESC, client_order_id, execution_id);

-- The history of balances: one row for each time that a venue reported one.
CREATE TABLE balances (
  provider          text NOT NULL REFERENCES providers (name),
  asset             text NOT NULL,
  snapshot_us       bigint NOT NULL,
  total             numeric(32, 16) NOT NULL,
  available         numeric(32, 16) NOT NULL,
  created_us        bigint NOT NULL DEFAULT now_us(),
  changed_us        bigint NOT NULL DEFAULT now_us(),
  PRIMARY KEY (provider, asset, snapshot_us)
);
CREATE INDEX balances_by_time ON balances (provider, snapshot_us DESC, asset);

-- migrate:down
DROP TABLE balances;
DROP TABLE executions;
DROP TABLE orders;
