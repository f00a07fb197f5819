"""Switch failures of the local runtime on and off while it runs, to rehearse what they lead to."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from livebus.cli import flags
from livebus.cli.parser import Parser
from livebus.errors import LivebusError
from livebus.runtime.faults.injection import KINDS, read_injections
from livebus.terminal import output as terminal
from livebus.terminal.escape import escaped

EXAMPLES = """\
examples:
  livebus faults --local                            what is switched on
  livebus faults --local --fail-target AppSync      the target is down
  livebus faults --local --fault throttle=0.1 --fault reset-after=0.05,seed=7
  livebus faults --local --clear                    all is well again

What is given replaces what was switched on before. It ends with the runtime; livebus local takes the same flags.

faults, each with its probability from 0 to 1 (1 where there is none), and options behind it: seed=N hits in the same
places in each run, seconds=S is how long slow waits, target=ID means one target only:
{faults}
exit codes: 0 done, 1 no runtime, 2 wrong usage or no such target, 130 interrupted
"""


def main(argv: Sequence[str] | None = None, *, project: Path | None = None) -> int:
    """Run the command and return its exit code. ``project`` is where else than here .livebus/ is."""
    parser = command_parser()
    arguments = parser.parse_args(argv)
    given = arguments.fault or arguments.fail_target or arguments.latency is not None
    if given and arguments.clear:
        parser.error("--clear goes alone: what is given replaces what was switched on before")
    try:
        read_injections(arguments.fault)
    except LivebusError as error:
        terminal.report(error)
        return terminal.USAGE
    from livebus.aws import local_faults, local_runtime

    try:
        runtime = local_runtime.find(flags.folders(project))
        if given or arguments.clear:
            wanted = {
                "failTargets": arguments.fail_target,
                "latency": arguments.latency or 0,
                "faults": arguments.fault,
            }
            state = local_faults.switch(runtime.endpoint_url, wanted)
        else:
            state = local_faults.switched_on(runtime.endpoint_url)
    except LivebusError as error:
        return terminal.ended_with(error)
    if arguments.json:
        terminal.json_result(state)
        return terminal.DONE
    lines = [f"--fail-target {target}" for target in state["failTargets"]]
    lines += [f"--latency {state['latency']:g}"] if state["latency"] else []
    lines += [f"--fault {fault}" for fault in state["faults"]]
    for line in lines:
        terminal.result(escaped(line))
    if not lines:
        terminal.talk(f"no faults are switched on ({runtime.endpoint_url})")
    return terminal.DONE


def _seconds(text: str) -> float:
    return flags.from_zero(text, "a number of seconds")


def command_parser() -> Parser:
    width = max(map(len, KINDS))
    faults = "".join(f"  {name:{width}}  {words}\n" for name, words in KINDS.items())
    parser = Parser(
        "faults",
        description=__doc__,
        epilog=EXAMPLES.format(faults=faults),
    )
    parser.add_argument("--local", action="store_true", required=True, help="the local runtime; there is no other")
    parser.add_argument("--fault", action="append", default=[], metavar="NAME=P", help="switch a fault on; repeatable")
    parser.add_argument("--fail-target", action="append", default=[], metavar="ID", help="a target is down, by its Id")
    parser.add_argument("--latency", type=_seconds, metavar="SECONDS", help="let each delivery wait")
    parser.add_argument("--clear", action="store_true", help="switch everything off")
    parser.add_argument("--json", action="store_true", help="print one JSON object on stdout")
    return parser
