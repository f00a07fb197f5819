"""Which answers belong to which rate."""

from __future__ import annotations

from livebus.publish.rounds import Round, Rounds


def going(began: float = 10.0, sent: int = 0, allowed: float = 100.0) -> Rounds:
    rounds = Rounds()
    rounds.begin(began, allowed)
    for _ in range(sent):
        rounds.sent()
    return rounds


def told(rounds: Rounds, sent_at: float) -> list[tuple[int, float, float]]:
    return [(each.sent, each.counted, each.throttled) for each in rounds.answered_by(sent_at)]


def test_a_round_takes_a_tenth_of_a_second_and_ten_requests() -> None:
    """Or half a second, where there are fewer."""
    assert Rounds().is_over(1.0)
    assert not going(sent=10).is_over(10.09)
    assert going(sent=10).is_over(10.1001)
    assert not going(sent=9).is_over(10.49)
    assert going(sent=9).is_over(10.5)


def test_a_round_may_be_longer() -> None:
    """As long as whoever begins it says; with too few requests still half a second."""
    rounds = Rounds()
    rounds.begin(10.0, 100.0, 0.3)
    for _ in range(10):
        assert not rounds.is_over(10.49)
        rounds.sent()
    assert not rounds.is_over(10.29)
    assert rounds.is_over(10.3001)


def test_a_round_knows_its_rate() -> None:
    one = Round(10.0, 50.0, 0.1)
    one.ended, one.sent = 10.5, 20
    assert (one.seconds, one.per_second, one.allowed) == (0.5, 40.0, 50.0)


def test_answers_go_to_the_round_in_which_their_request_was_sent() -> None:
    """However late they come; those to what was sent before all rounds count nowhere."""
    rounds = going(10.0, sent=2)
    rounds.begin(10.1, 200.0)
    rounds.sent()
    assert rounds.answered(10.05, 0.5) is None
    assert rounds.answered(9.9, 1.0) is None
    last = rounds.answered(10.1, 1.0)
    assert last is not None
    assert (last.began, last.allowed, last.sent, last.counted, last.throttled) == (10.1, 200.0, 1, 1, 1.0)
    assert told(rounds, 10.1) == []
    assert rounds.answered(10.09, 0.0) is None
    assert told(rounds, 10.1) == [(2, 2, 0.5)]
    assert told(rounds, 99.0) == []  # the last one has not ended


def test_what_is_answered_late_is_not_waited_for() -> None:
    """An answer to what was sent a twentieth of a second after a round."""
    rounds = going(10.0, sent=3)
    rounds.answered(10.0, 1.0)
    rounds.begin(10.1, 100.0)
    rounds.sent()
    assert told(rounds, 10.149) == []
    assert told(rounds, 10.151) == [(3, 1, 1.0)]


def test_rounds_without_requests_or_time_are_none() -> None:
    rounds = going(10.0)
    rounds.begin(10.1, 100.0)
    rounds.sent()
    rounds.begin(10.1, 100.0)
    rounds.sent()
    rounds.begin(10.2, 100.0)
    rounds.answered(10.1, 0.0)
    assert told(rounds, 10.2) == [(1, 1, 0.0)]


def test_all_can_be_forgotten() -> None:
    rounds = going(10.0, sent=1)
    rounds.begin(10.1, 100.0)
    rounds.forget()
    assert rounds.answered(10.0, 1.0) is None
    assert told(rounds, 99.0) == []
    assert rounds.is_over(10.1)
