"""
The arguments of ``livebus publish``.

In: what is typed. Out: an argument parser, which refuses values that mean nothing.
"""

from __future__ import annotations

from argparse import ArgumentTypeError, Namespace
from pathlib import Path

from livebus.aws.publish.engines import AUTO, ENGINES
from livebus.aws.publish.input_files import InputFiles
from livebus.cli import flags
from livebus.cli.parser import Parser

DEFAULT_ENGINE = AUTO
WAIT_SECONDS = 10.0

EXAMPLES = """\
examples:
  livebus publish --local events/sample.json       to the local runtime
  livebus publish events/sample.json               to the stack that samconfig.toml names
  livebus publish --stack-name orders --region eu-west-1 events/*.json
  ... | livebus publish --local -                  one event per line from another program, as they come
  livebus publish --rate 500 orders.ndjson.gz      five hundred events a second
  livebus publish --resume orders.ndjson.gz        go on with a run that was interrupted or killed
  livebus publish orders.ndjson.failed.ndjson      once more what was not accepted
  livebus publish --dry-run events/                check the files, send nothing

A file holds a PutEvents entry (Source, DetailType, Detail), an event envelope (source, detail-type, detail), an array
of them, {"Entries": [...]}, or one of these per line; gzip or not. A folder stands for the event files in it. If files
of together up to 8 MB have a fault, nothing is sent; more than that is sent as it is read.

stdout has one line per accepted event, for the first 1,000: EventId, source, detail-type, with tabs between them.
exit codes: 0 all accepted (and delivered, with --wait), 1 failed, 2 wrong usage or input, nothing sent, 3 some events
were not accepted (they are in --fail-file) or not readable, 4 given up because of throttling or --max-time,
5 accepted, and not delivered in time, 130 interrupted
"""


def _wait(text: str) -> float:
    try:
        return flags.above_zero(text)
    except ArgumentTypeError:
        raise ArgumentTypeError(f"{text!r} is not a number of seconds; files stand before --wait") from None


def _concurrency(text: str) -> int:
    value = flags.at_least_one(text)
    if value > 1_000:
        raise ArgumentTypeError(f"{text!r} is more than 1000")
    return value


def argument_parser(description: str) -> Parser:
    """The parser; ``description`` is what ``--help`` begins with."""
    parser = Parser("publish", description=description, epilog=EXAMPLES)
    add = parser.add_argument
    add("files", nargs="+", metavar="FILE", help="a file or folder of events, or - for stdin")
    add(
        "--bus",
        type=flags.not_empty,
        help="the event bus, name or ARN (default: the entry's EventBusName, then the stack's)",
    )
    add("--no-bus-check", dest="bus_check", action="store_false", help="send even if there is no such bus")
    add("--dry-run", action="store_true", help="check the files and send nothing")
    add("--json", action="store_true", help="print one JSON object on stdout instead of lines")
    add("--quiet", action="store_true", help="print failures only (and the JSON object)")
    group = parser.add_argument_group("how fast")
    add = group.add_argument
    add(
        "--rate",
        type=flags.above_zero,
        metavar="N",
        help="so many events a second (default: as fast as the service takes them)",
    )
    add("--concurrency", type=_concurrency, metavar="N", help="requests in flight (default: found by measuring)")
    add(
        "--max-attempts",
        type=flags.at_least_one,
        default=5,
        metavar="N",
        help="how often an entry is sent at the most when it is throttled or fails inside AWS (default: 5)",
    )
    add("--max-time", type=flags.above_zero, metavar="SECONDS", help="give up after so long")
    add(
        "--engine",
        choices=ENGINES,
        default=DEFAULT_ENGINE,
        help="what sends: boto3, or bulk (default: bulk where it can)",
    )
    group = parser.add_argument_group("what of it")
    add = group.add_argument
    add("--count", type=flags.at_least_one, default=0, metavar="N", help="end after N events")
    add("--repeat", type=flags.at_least_one, default=1, metavar="N", help="publish the files N times")
    add(
        "--shuffle-seed",
        type=flags.whole_number,
        metavar="SEED",
        help="in a random order, the same for the same seed; each event among the next 10,000",
    )
    add("--placeholders", action="store_true", help="fill {{seq}}, {{uuid}} and {{now}} in, new for each event")
    add("--keep-going", action="store_true", help="leave out what is no event, and tell its line, instead of ending")
    group = parser.add_argument_group("what is left")
    add = group.add_argument
    add(
        "--fail-file",
        type=flags.not_empty,
        metavar="FILE",
        help="receives what was not accepted, to be published again (default: FILE.failed.ndjson beside the first file)",
    )
    add("--resume", action="store_true", help="go on with a run of the same files that was interrupted or killed")
    add(
        "--journal",
        type=flags.not_empty,
        metavar="FILE",
        help="where it is noted what is done (default: FILE.journal beside the first file, above 1,000 events)",
    )
    add("--no-journal", action="store_true", help="note nothing; such a run cannot be resumed")
    group = parser.add_argument_group("what becomes of it", "Both read the rules of the template.")
    add = group.add_argument
    add("--check", action="store_true", help="send nothing unless each event matches a rule")
    add(
        "--wait",
        nargs="?",
        const=WAIT_SECONDS,
        type=_wait,
        metavar="SECONDS",
        help=f"subscribe before, and wait for what arrives, so long after the last one (default: {WAIT_SECONDS:g})",
    )
    add("--plot", type=Path, metavar="FILE", help="with --wait: draw how long messages took (PNG, SVG)")
    add("--field", help="the subscription field (default: what the rules' mutations feed, where that is one)")
    add(
        "--user",
        type=flags.not_empty,
        metavar="NAME",
        help="who subscribes, with the password in LIVEBUS_PASSWORD (without it: whose token, or API key, LIVEBUS_TOKEN holds)",
    )
    flags.add_template(group, "the template with the rules")
    flags.add_destination(parser)
    return parser


def check_usage(parser: Parser, arguments: Namespace, inputs: InputFiles) -> None:
    """End the process with 2 where arguments do not go together, or not with what is read."""
    if arguments.files.count("-") > 1:
        parser.error("stdin (-) can be read once")
    if arguments.no_journal and (arguments.journal or arguments.resume):
        parser.error("--no-journal goes without --journal and --resume")
    if arguments.plot is not None and arguments.wait is None:
        parser.error("--plot goes with --wait: it draws how long messages took to arrive")
    if arguments.repeat > 1 and not inputs.is_static:
        parser.error("--repeat needs files: a stream can be read once")
    if arguments.resume and not arguments.journal and not inputs.is_static:
        parser.error("--resume needs files, or the --journal of a stream that is given again from its beginning")
