"""Tests of pipelines: events in, a clock that nobody waits for, and what is expected beside what came."""
