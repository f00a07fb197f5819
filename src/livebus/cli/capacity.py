"""Work out what a load costs on AWS, and which quotas it meets first."""

from __future__ import annotations

import sys
from collections.abc import Sequence

from livebus.capacity import INPUTS, as_json, costs, figure_lines, lines, read_load, usages
from livebus.cli.parser import Parser
from livebus.errors import LivebusError
from livebus.terminal import output as terminal
from livebus.terminal.table import wrapped
from livebus.terminal.width import columns_of


def main(argv: Sequence[str] | None = None) -> int:
    """Run the verb and return its exit code."""
    arguments = command_parser().parse_args(argv)
    width = columns_of(sys.stdout)
    if arguments.figures:
        for line in figure_lines():
            for part in wrapped(line, width):
                terminal.result(part)
        return terminal.DONE
    try:
        load = read_load(arguments.load, arguments.region)
    except LivebusError as error:
        terminal.report(error)
        return terminal.USAGE
    billed, used = costs(load), usages(load)
    if arguments.json:
        terminal.json_result(as_json(load, billed, used))
    else:
        for line in lines(load, billed, used, width):
            terminal.result(line)
    beyond = [usage.figure for usage in used if usage.exceeded]
    if beyond:
        names = ", ".join(each.name + (" (unsure)" if each.known == "unsure" else "") for each in beyond)
        terminal.warn(f"the load is beyond what AWS gives without being asked: {names}")
    return terminal.FAILED if beyond else terminal.DONE


def _epilog() -> str:
    width = max(len(each.name) for each in INPUTS)
    inputs = "\n".join(
        f"  {each.name:{width}}  {each.meaning}"
        + (f" (default: {each.default:g})" if "default" not in each.meaning else "")
        for each in INPUTS
        if each.default is not None or "default" in each.meaning
    )
    return f"""\
a load is made of:
{inputs}

Numbers may end in k, M or %: 2k is 2000, 20% is 0.2.

examples:
  livebus capacity events/s=2000 subscribers=500
  livebus capacity events/s=20 peak/s=400 subscribers=10k share=0.1% minutes=3000 --region eu-central-1
  livebus capacity --figures                     every price and quota, with its page

stdout has the tables (or JSON); what is exceeded is told on stderr as well.
exit codes: 0 the load is within all quotas, 1 it is beyond one, 2 wrong usage
"""


def command_parser() -> Parser:
    parser = Parser("capacity", description=__doc__, epilog=_epilog())
    parser.add_argument("load", nargs="*", metavar="NAME=VALUE", help="the load, as below; what is not given is small")
    parser.add_argument("--region", default="us-east-1", help="whose quotas count (default: %(default)s)")
    parser.add_argument("--json", action="store_true", help="print one JSON object, with the source of each figure")
    parser.add_argument("--figures", action="store_true", help="list all prices and quotas, and where they are from")
    return parser
