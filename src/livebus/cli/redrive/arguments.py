"""
The arguments of ``livebus redrive``: its verbs, and which messages and which queue they mean.

In: what to run for each verb. Out: an argument parser, and from what it parsed a
:class:`~livebus.redrive.selection.Selection`.
"""

from __future__ import annotations

from argparse import ArgumentTypeError, Namespace
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from livebus.cli import flags
from livebus.cli.parser import Parser
from livebus.redrive.selection import Selection

MOST = 10_000

EXAMPLES = """\
examples:
  livebus redrive list --local                     what lies in the dead-letter queue, and why
  livebus redrive show --local --limit 1           one message whole
  livebus redrive publish --local --dry-run        what would be sent
  livebus redrive publish --local                  back to the bus: all its rules see the events again
  livebus redrive publish --to target --rule publishMsgFromEB --since 2h
                                                             only the mutation that did not get them
  livebus redrive export > letters.ndjson          a copy; livebus publish and import take it
  livebus redrive purge --error-code NO_PERMISSIONS

Nothing is lost on the way: a message is deleted after its event was accepted, everything else goes back into the queue,
also on Ctrl-C. A message whose event was accepted and that could not be deleted is told; sent again it arrives twice.
An event that goes back to the bus gets a new id.

SQS has no way to look without receiving: while this runs, others do not see the messages (5 minutes, if it is killed),
and their count of receptions grows.

exit codes: 0 done, 1 something failed or is left to do, 2 wrong usage or input, 130 interrupted
"""

Runs = Mapping[str, Callable[..., int]]


def _field(text: str) -> tuple[str, str]:
    path, equals, value = text.partition("=")
    if not path or not equals:
        raise ArgumentTypeError(f"{text!r} is not FIELD=VALUE, such as detail.order.id=17")
    return path, value


def _rate(text: str) -> float:
    return flags.above_zero(text, "a number of messages a second")


def parser(description: str, runs: Runs) -> Parser:
    """The parser; what it parses has ``run``, of ``runs``, and ``parser``, the verb's own."""
    parser = Parser("redrive", description=description, epilog=EXAMPLES)
    verbs = parser.add_subparsers(metavar="VERB", required=True)
    listed = _verb(verbs, "list", runs, "count the messages, by error, rule and target")
    _add_limit(listed, MOST, "look at N messages at the most")
    show = _verb(verbs, "show", runs, "print messages whole")
    show.add_argument("ids", nargs="*", metavar="ID", help="ids of messages or of events")
    _add_limit(show, 10, "print N messages at the most")
    publish = _verb(verbs, "publish", runs, "send events again; what is accepted is deleted from the queue")
    publish.add_argument(
        "--to",
        choices=("bus", "target"),
        default="bus",
        help="bus: all its rules see the event again (default). target: run the one mutation that did not get it, with"
        " your own identity, which needs appsync:GraphQL and events:ListTargetsByRule",
    )
    publish.add_argument("--bus", type=flags.not_empty, help="another bus, name or ARN (default: the rule's)")
    publish.add_argument("--target-id", type=flags.not_empty, metavar="ID", help="which of several targets of one ARN")
    publish.add_argument(
        "--graphql-url", type=flags.not_empty, metavar="URL", help="where the API is, with --to target"
    )
    publish.add_argument("--template", type=Path, metavar="FILE", help="take the target from this template instead")
    flags.add_parameters(publish)
    publish.add_argument("--dry-run", action="store_true", help="print what would be sent, and send nothing")
    publish.add_argument("--rate", type=_rate, metavar="N", help="send N messages a second at the most")
    _add_limit(publish, MOST, "send N messages at the most")
    export = _verb(verbs, "export", runs, "write the messages as lines, and leave them in the queue")
    export.add_argument("--output", type=Path, metavar="FILE", help="a file that is not there yet (default: stdout)")
    _add_limit(export, MOST, "look at N messages at the most")
    imported = _verb(verbs, "import", runs, "send exported lines to the queue, as the messages that they were")
    imported.add_argument("file", metavar="FILE", help="what export has written, or - for stdin")
    purge = _verb(verbs, "purge", runs, "delete messages for good")
    purge.add_argument("--yes", action="store_true", help="do not ask")
    _add_limit(purge, MOST, "look at N messages at the most")
    return parser


def _verb(verbs: Any, name: str, runs: Runs, words: str) -> Parser:
    description = f"{words[0].upper()}{words[1:]}."
    parser: Parser = verbs.add_parser(name, settings=f"redrive {name}", help=words, description=description)
    parser.set_defaults(run=runs[name], parser=parser, queue=None, queue_url=None)
    if name != "import":
        which = parser.add_argument_group("which messages", "Those for which everything that is given holds.")
        for flag, shown, text in (
            ("--error-code", "CODE", "EventBridge's ERROR_CODE, such as NO_PERMISSIONS"),
            ("--rule", "NAME", "the rule, by its name or ARN"),
            ("--target", "ARN", "the target, by its ARN or the last part of it"),
        ):
            which.add_argument(flag, action="append", default=[], metavar=shown, help=f"{text}; repeat for several")
        which.add_argument("--since", type=flags.moment, metavar="WHEN", help="given up after: an age (2h) or a time")
        which.add_argument("--until", type=flags.moment, metavar="WHEN", help="given up before: an age (10m) or a time")
        which.add_argument(
            "--match",
            type=_field,
            action="append",
            default=[],
            metavar="FIELD=VALUE",
            help="a value in the event, such as detail.order.id=17",
        )
    parser.add_argument("--json", action="store_true", help="print JSON on stdout")
    queues = parser.add_argument_group("which queue")
    queues.add_argument(
        "--queue",
        type=flags.not_empty,
        metavar="NAME",
        help="an Output's, a queue's or its resource's name (default: DeadLetterQueueUrl, or the only queue)",
    )
    queues.add_argument("--queue-url", type=flags.not_empty, metavar="URL", help="a queue of no stack")
    flags.add_destination(parser)
    return parser


def _add_limit(parser: Parser, default: int, words: str) -> None:
    parser.add_argument(
        "--limit", type=flags.at_least_one, default=default, metavar="N", help=f"{words} (default: {default})"
    )


def selection(arguments: Namespace) -> Selection:
    """What the flags choose."""
    return Selection(
        frozenset(arguments.error_code),
        frozenset(arguments.rule),
        frozenset(arguments.target),
        arguments.since,
        arguments.until,
        tuple(arguments.match),
        frozenset(getattr(arguments, "ids", ())),
    )
