from meltica_dsl.model.fields import EVENTS, EXECUTION_HANDLERS


def test_it_takes_every_event_and_does_nothing(stage):
    strategy = stage("noop")
    for handler in {*(event.handler for event in EVENTS), *EXECUTION_HANDLERS.values()}:
        assert strategy.racer.eval(f"typeof world.handlers.{handler}") == "function"
        assert strategy.event(handler, 0, {}) == []
    assert strategy.logs == []
