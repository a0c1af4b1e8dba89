-- What was only simulated is marked, so that it is never taken for something that is held at a venue.

-- migrate:up
ALTER TABLE orders ADD COLUMN on_paper boolean NOT NULL DEFAULT true;     -- all venues were on paper so far
ALTER TABLE orders ALTER COLUMN on_paper DROP DEFAULT;
ALTER TABLE executions ADD COLUMN on_paper boolean NOT NULL DEFAULT true;
ALTER TABLE executions ALTER COLUMN on_paper DROP DEFAULT;

-- Positions that ended without a trade: an account on paper is gone when its gateway is.
CREATE TABLE closed_positions (
  instance    text NOT NULL,
  provider    text NOT NULL,
  symbol      text NOT NULL,
  quantity    numeric NOT NULL,           -- what was held, below zero for a short position
  closed_us   bigint NOT NULL,
  created_us  bigint NOT NULL DEFAULT now_us(),
  PRIMARY KEY (instance, provider, symbol, closed_us)
);

-- migrate:down
DROP TABLE closed_positions;
ALTER TABLE executions DROP COLUMN on_paper;
ALTER TABLE orders DROP COLUMN on_paper;
