"""
One event's way as a record: what each station says of it, as data, and the same in words.

In: what stations made (an event, a rule's reasons, an Attempt). Out: steps, each a JSON object with its ``station``: ``bus``,
``pattern``, ``transformer``, ``call``, ``execution``, ``failure``, ``subscription``, ``target``, ``delivery``. The dry run, the trace, the demo and
the validation show these and nothing else, so that what one of them says of an event is what all say.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from typing import Any

from livebus.event.envelope import Event
from livebus.event.put_events import Refused
from livebus.flow import Attempt, FunctionAttempt
from livebus.operation import Called
from livebus.subscription import Subscription
from livebus.terminal.counts import counted
from livebus.terminal.escape import json_text
from livebus.transformer import Transformer

Step = dict[str, Any]

_LONGEST_VALUE = 160


# --- as data --------------------------------------------------------------------------------------------------------


def refused(refusal: Refused) -> Step:
    """PutEvents did not take the entry."""
    return {"station": "bus", "accepted": False, "code": refusal.code, "message": refusal.message}


def accepted(event: Event, dropped: str = "") -> Step:
    """The bus took the event; ``dropped`` says why it goes no further."""
    envelope = event.envelope
    step = {
        "station": "bus",
        "accepted": True,
        "bus": event.bus,
        "source": envelope["source"],
        "detailType": envelope["detail-type"],
    }
    return step | {"dropped": dropped} if dropped else step


def looping(rules: Sequence[str], generation: int) -> Step:
    """Events that lead to one another without an end: the rules, one after the other, and how often they went round."""
    return {"station": "bus", "accepted": False, "loop": list(rules), "generation": generation}


def judged(rule: str, reasons: Sequence[str]) -> Step:
    """A rule's verdict: the conditions that were not met, none where it matches."""
    return {"station": "pattern", "rule": rule, "matches": not reasons, "reasons": list(reasons)}


def unreached(rule: str, target: str, reason: str) -> Step:
    """A target that nothing can be sent to."""
    return {"station": "target", "rule": rule, "target": target, "reason": reason}


def attempted(rule: str, attempt: Attempt | FunctionAttempt) -> Iterator[Step]:
    """One invocation of one target, up to AppSync's answer or the failure; of a function, up to what it is handed."""
    where = {"rule": rule, "target": attempt.target.target.id}
    if attempt.variables is not None:
        yield {"station": "transformer", **where, "variables": attempt.variables}
    if isinstance(attempt, FunctionAttempt) and attempt.payload is not None:
        yield {"station": "transformer", **where, "payload": attempt.payload.decode("utf-8", "replace")}
    yield from (where | called(each) for each in attempt.calls)
    if attempt.response is not None:
        yield {
            "station": "execution",
            **where,
            "operation": attempt.target.target.graphql_operation,
            "status": attempt.response.status,
            "data": attempt.response.data,
            "errors": list(attempt.response.errors),
        }
    if isinstance(attempt, FunctionAttempt) and attempt.unsent:
        yield unreached(rule, attempt.target.target.id, attempt.unsent)
    if attempt.failure is not None:
        yield {"station": "failure", **where, "code": attempt.failure.code, "message": attempt.failure.message}


def called(each: Called) -> Step:
    """A data source that a resolver asked, and its answer: ``result``, or an error's type and message; ``ms`` took it."""
    call, answer = each.call, each.answer
    step: Step = {"station": "call", "source": call.source.name, "type": call.source.type, "request": call.request}
    if answer.error is not None:
        step |= {"errorType": answer.error.get("type"), "errorMessage": answer.error.get("message")}
    else:
        step["result"] = answer.result
    return step if answer.milliseconds is None else step | {"ms": answer.milliseconds}


def published(rule: str, attempt: Attempt | FunctionAttempt) -> Iterator[Step]:
    """How many subscribers of each field an attempt reached, and why some were left out."""
    for field, deliveries in attempt.published.deliveries:
        yield {
            "station": "subscription",
            "rule": rule,
            "target": attempt.target.target.id,
            "field": field,
            "subscribers": len(deliveries),
            "dropped": [dropped.reason for dropped in deliveries.dropped],
        }


def variables(transformer: Transformer, event: Event) -> list[Step]:
    """Each variable that an input template uses: its ``name``, the ``path`` that fills it, and as text its ``value``."""
    found: dict[str, Step] = {}
    for placeholder, value in transformer.explain(event):
        found.setdefault(placeholder.name, {"name": placeholder.name, "path": placeholder.path, "value": value})
    return list(found.values())


def received(attempt: Attempt | FunctionAttempt, who: Callable[[Subscription], Step]) -> list[Step]:
    """Who received what an attempt published, on which field, and the payload's text. ``who`` describes a subscription."""
    return [
        {"client": who(subscription), "field": field, "payload": payload.decode("utf-8", "replace")}
        for field, deliveries in attempt.published.deliveries
        for subscription, payload in deliveries
    ]


def withheld(attempt: Attempt | FunctionAttempt, who: Callable[[Subscription], Step]) -> list[Step]:
    """Who is subscribed to what an attempt published and did not receive it, and ``why``."""
    told = [
        {"client": who(dropped.subscription), "field": field, "why": dropped.reason}
        for field, deliveries in attempt.published.deliveries
        for dropped in deliveries.dropped
    ]
    if attempt.response is None or isinstance(attempt, FunctionAttempt):
        return told
    api = attempt.target.api
    for publication in attempt.response.publications:
        for field in api.schema.links.get(publication.mutation, ()):
            for subscription, why in api.subscriptions.withheld(field, publication):
                told.append({"client": who(subscription), "field": field, "why": why})
    return told


# --- in words -------------------------------------------------------------------------------------------------------


def words(step: Mapping[str, Any]) -> str:  # noqa: C901 - one line for each station
    """What a step says, in one sentence; not escaped, and never long."""
    match step["station"]:
        case "bus":
            return _bus(step)
        case "pattern":
            return f"rule {step['rule']} " + (
                "matches" if step["matches"] else f"does not match: {'; '.join(map(str, step['reasons']))}"
            )
        case "transformer" if "payload" in step:
            return f"event {cut(step['payload'])}"
        case "transformer":
            return f"variables {short(step['variables'])}"
        case "call":
            return _call(step)
        case "execution":
            text = f"the mutation answers {short(step['data'])}"
            return f"{text} with errors {short(step['errors'])}" if step["errors"] else text
        case "failure":
            return f"{step['code']}: {cut(step['message'])}"
        case "target":
            return f"target {step['target']}: {step['reason']}"
        case "delivery":
            return _delivery(step)
        case "function":
            return _function(step)
    return _subscription(step)


def short(value: Any) -> str:
    """A value as JSON, cut where it is long."""
    return cut(json_text(value))


def cut(text: str, most: int = _LONGEST_VALUE) -> str:
    """A text, cut where it is long."""
    return text if len(text) <= most else f"{text[:most]}… ({len(text)} characters)"


def _bus(step: Mapping[str, Any]) -> str:
    if "loop" in step:
        return f"events go round in a loop: {' → '.join(step['loop'])} ({step['generation']} generations)"
    if not step["accepted"]:
        return f"PutEvents refuses it: {step['code']}: {cut(step['message'])}"
    return str(step.get("dropped") or f"event bus {step['bus']}")


def _delivery(step: Mapping[str, Any]) -> str:
    if "retryIn" in step:
        return f"tried again in {step['retryIn']:g} s"
    if "deadLetterQueue" in step:
        return f"sent to the dead-letter queue {step['deadLetterQueue']}: {step['code']}: {cut(step['message'])}"
    return f"lost: {step['lost']}"


def _call(step: Mapping[str, Any]) -> str:
    text = f"API {step['api']}: " if "api" in step else ""
    text += f"data source {step['source']} ({step['type']})"
    took = f" took {step['ms']:g} ms" if "ms" in step else ""
    if "errorType" in step:
        failed = f"{took} and failed" if took else " failed"
        return f"{text}{failed}: {step['errorType']}: {cut(str(step['errorMessage']))}"
    text += took
    return f"{text}: {short(step['request'])} gives {short(step['result'])}"


def _function(step: Mapping[str, Any]) -> str:
    text = f"function {step['function']} ({step['invocation']}) took {step['duration']:g} s"
    return f"{text} and failed: {step['errorType']}: {cut(str(step['errorMessage']))}" if "errorType" in step else text


def _subscription(step: Mapping[str, Any]) -> str:
    if step["field"] is None:
        return str(step["reason"])
    if "subscribers" in step:
        text = f"{step['field']} goes to {counted(step['subscribers'], 'subscriber')}"
        return f"{text}; {len(step['dropped'])} left out: {step['dropped'][0]}" if step["dropped"] else text
    subscriber = step.get("subscriber", {}).get("mode", "nobody")
    if step["received"] is None:
        return f"{step['field']}: {subscriber} gets nothing: {step['reason']}"
    text = f"{step['field']}: {subscriber} gets {short(step['received'])}"
    if step.get("unselected"):
        text += f"; whoever asks for {', '.join(step['unselected'])} gets an error: the mutation does not select it"
    return text


def reasons(steps: Iterable[Step]) -> Iterator[str]:
    """Why an event does not arrive, by its steps."""
    steps = list(steps)
    patterns = [step for step in steps if step["station"] == "pattern"]
    for step in steps:
        reason = _ending(step)
        if reason:
            yield f"{step['rule']}: {reason}" if "rule" in step else reason
    if not any(step["matches"] for step in patterns):
        for step in patterns:
            yield words(step)
        if not patterns and steps[0]["accepted"] and not steps[0].get("dropped"):
            yield f"no rule listens on the event bus {steps[0]['bus']!r}"


def _ending(step: Step) -> str:
    """Why an event ends at a station; empty where it goes on."""
    match step["station"]:
        case "bus":
            return str(step.get("dropped", "")) if step["accepted"] else words(step)
        case "execution" if step["errors"]:
            return f"the mutation fails: {step['errors'][0].get('message')}"
        case "failure":
            return words(step)
        case "target":
            return f"target {step['target']!r}: {step['reason']}"
        case "subscription" if "reason" in step:
            return f"{step['field']}: {step['reason']}" if step["field"] else str(step["reason"])
    return ""
