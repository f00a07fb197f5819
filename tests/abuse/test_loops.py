"""Events that lead to themselves: a loop ends, is named, and holds nobody off."""

from __future__ import annotations

import json
import signal
from pathlib import Path

import pytest

from abuse.conftest import Attack
from support.application import change, copied

LOOP = """
export function request(ctx) {
  const again = { source: 'sample.source', detailType: 'message', detail: { msg: ctx.args.msg } }
  return { operation: 'PutEvents', events: [%s] }
}
export function response(ctx) { return ctx.args.msg }
"""


EVENT_BRIDGE = """      Type: AMAZON_EVENTBRIDGE
      ServiceRoleArn: !GetAtt TargetRole.Arn
      EventBridgeConfig:
        EventBusArn: !GetAtt EventBus.Arn
"""


def looping(folder: Path, events: str) -> Path:
    """The application, whose resolver puts events that match its own rule."""
    template = copied(
        folder,
        (
            "      Description: Calls nothing; the resolver's payload is its result\n      Type: NONE\n",
            EVENT_BRIDGE,
        ),
    )
    resolver = template.parent / "resolvers" / "publishMsgFromEB.js"
    change(resolver, resolver.read_text(encoding="utf-8"), LOOP % events)
    return template


@pytest.mark.parametrize("events", ["again", "again, again", ", ".join(["again"] * 10)], ids=["1", "2", "10"])
def test_a_loop_ends_and_is_named(attack: Attack, tmp_path: Path, events: str) -> None:
    """One event or ten each time round: the runtime answers, says which rule goes round, and ends on SIGTERM."""
    runtime = attack(template=looping(tmp_path / "application", events))

    assert [sorted(entry) for entry in runtime.put()] == [["EventId"]]

    runtime.wait_for("events go round in a loop: rule 'publishMsgFromEB'")
    assert [sorted(entry) for entry in runtime.put("still here")] == [["EventId"]]
    runtime.signal(signal.SIGTERM)
    assert runtime.wait(60) == 0
    assert "Traceback" not in runtime.stderr


def test_what_a_loop_would_put_further_is_dead_lettered(attack: Attack, tmp_path: Path) -> None:
    """After 16 times round the event is in the dead-letter queue, with the loop as its reason."""
    runtime = attack(template=looping(tmp_path / "application", "again"))
    runtime.put("round")
    runtime.wait_for("went to the dead-letter queue")
    queue = runtime.client("sqs")
    (message,) = queue.receive_message(
        QueueUrl=runtime.outputs["DeadLetterQueueUrl"], MessageAttributeNames=["All"], MaxNumberOfMessages=10
    )["Messages"]
    assert json.loads(message["Body"])["detail"] == {"msg": "round"}
    attributes = message["MessageAttributes"]
    assert attributes["ERROR_CODE"]["StringValue"] == "RESOURCE_LIMIT_EXCEEDED"
    assert "16 events led to one another" in attributes["ERROR_MESSAGE"]["StringValue"]
