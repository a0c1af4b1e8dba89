-- What sinks of kind `postgres` keep: a table for each type of event, and the sink's name with each row. Times
-- are those of the events, in microseconds. `seq` is the place in the one order of the run that wrote the row.

-- migrate:up
CREATE TABLE market_trade (
  sink text NOT NULL, seq bigint NOT NULL, time_us bigint, ingest_us bigint, venue_seq bigint,
  symbol text NOT NULL, provider text NOT NULL,
  price double precision, quantity double precision, trade_id bigint, side text
);
CREATE INDEX ON market_trade (symbol, time_us);

CREATE TABLE market_ticker (
  sink text NOT NULL, seq bigint NOT NULL, time_us bigint, ingest_us bigint, venue_seq bigint,
  symbol text NOT NULL, provider text NOT NULL,
  last double precision, bid double precision, ask double precision,
  bid_quantity double precision, ask_quantity double precision, volume double precision
);
CREATE INDEX ON market_ticker (symbol, time_us);

CREATE TABLE market_book (
  sink text NOT NULL, seq bigint NOT NULL, time_us bigint, ingest_us bigint, venue_seq bigint,
  symbol text NOT NULL, provider text NOT NULL,
  bid double precision, ask double precision,
  bids double precision[] NOT NULL, asks double precision[] NOT NULL -- levels of {price, quantity}, best first
);
CREATE INDEX ON market_book (symbol, time_us);

CREATE TABLE market_kline (
  sink text NOT NULL, seq bigint NOT NULL, time_us bigint, ingest_us bigint, venue_seq bigint,
  symbol text NOT NULL, provider text NOT NULL,
  open double precision, high double precision, low double precision, close double precision,
  volume double precision, open_time_us bigint, close_time_us bigint
);
CREATE INDEX ON market_kline (symbol, time_us);

-- migrate:down
DROP TABLE market_kline;
DROP TABLE market_book;
DROP TABLE market_ticker;
DROP TABLE market_trade;
