"""
The argument parser that all commands share: one line for a wrong call, help as wide as the terminal, in the words of the caller.

What is not typed may stand in a variable or in samconfig.toml (:mod:`livebus.stack.settings`), for every option of every command:
such a value is read as if it had been typed, and told with its place where it is wrong.
"""

from __future__ import annotations

import os
import re
import sys
from argparse import (
    SUPPRESS,
    Action,
    ArgumentError,
    ArgumentParser,
    Namespace,
    RawDescriptionHelpFormatter,
    _StoreAction,
)
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, NoReturn

from livebus.cli.names import VERBS
from livebus.errors import Fault, LivebusError, did_you_mean
from livebus.terminal import output as terminal
from livebus.terminal.columns import columns
from livebus.terminal.spelling import spelled

if TYPE_CHECKING:
    from livebus.stack.settings import Setting

CONFIG_ENV = "config_env"
_HELP = ("-h", "--help")
SEVERAL_STACKS = "Several stacks run together from a cdk.out, or deployed into one runtime (`livebus local --empty`)."
# What to do where several of something are wanted, by the option's name in what is parsed.
_INSTEAD = {"template": f" {SEVERAL_STACKS}"}
_WITHOUT_TERMINAL = 120
# A value of which nobody sees the end is shown by its beginning.
_MOST_SHOWN = 100
_LONG_WORD = re.compile(rf"\S{{{2 * _MOST_SHOWN},}}")


def _suggested(name: str, known: Iterable[object]) -> str:
    close = did_you_mean(name, known)
    return f". {close}" if close else ""


class HelpFormatter(RawDescriptionHelpFormatter):
    """argparse's, as wide as the terminal; argparse makes one for each argument and imports shutil to measure it."""

    def __init__(self, prog: str) -> None:
        super().__init__(prog, width=columns(_WITHOUT_TERMINAL) - 2)

    def _fill_text(self, text: str, width: int, indent: str) -> str:
        """Each line as it is written, broken between words where the terminal has no more columns."""
        from livebus.terminal.table import filled

        # Named as they are called here before lines are broken: these names may be longer.
        return "\n".join(indent + line for line in filled(spelled(text), width - len(indent))) + "\n"

    def start_section(self, heading: str | None) -> None:
        from livebus.terminal.table import filled

        # A heading ends with a colon, which argparse sets.
        super().start_section(heading and "\n".join(filled(heading, self._width - self._current_indent - 1)))

    def _format_usage(self, *usage: Any) -> str:
        """Options are set below the command's name by argparse, also where they have no room there."""
        text: str = super()._format_usage(*usage)
        lines = text.splitlines()
        if max(map(len, lines)) <= self._width:
            return text
        return "\n".join([lines[0], *(line and "  " + line.strip() for line in lines[1:])]) + "\n\n"

    def _format_action(self, action: Action) -> str:
        """An option with several long names has no room for them on one line of a narrow terminal."""
        text = super()._format_action(action)
        if max(map(len, text.splitlines()), default=0) <= self._width:
            return text
        from livebus.terminal.table import wrapped

        return "".join(f"{part}\n" for line in text.splitlines() for part in wrapped(line, self._width))

    def _expand_help(self, action: Action) -> str:
        return spelled(super()._expand_help(action))


class Parser(ArgumentParser):
    """
    A command's parser. ``command`` is its name as ``livebus COMMAND``.

    ``settings`` is the name that its options have elsewhere, for a verb (``redrive publish``) with its command's. What
    is parsed has ``typed``, the names of the options that were typed.
    """

    def __init__(self, command: str = "", *, settings: str = "", **options: Any) -> None:
        if command:
            options["prog"] = spelled(f"livebus {command}")
        self.settings = settings or ("" if command in VERBS else command)
        super().__init__(**{"formatter_class": HelpFormatter, **options})

    def error(self, message: str) -> NoReturn:
        """Say what is wrong in one line, and end with 2: the usage is a page that hides it."""
        short = _LONG_WORD.sub(lambda word: word[0][:_MOST_SHOWN] + "…", message)
        terminal.report_text(f"{spelled(short)} (see {self.prog} --help)")
        raise SystemExit(terminal.USAGE)

    def parse_known_args(self, args: Any = None, namespace: Any = None) -> Any:
        given = list(sys.argv[1:] if args is None else args)
        namespace = Namespace() if namespace is None else namespace
        namespace.typed = frozenset()
        self._demand_once(given)
        if self.settings and not any(each in _HELP for each in given):
            try:
                self._preset(given, namespace)
            except LivebusError as error:
                terminal.report(error)
                raise SystemExit(terminal.USAGE) from None
        found, unknown = super().parse_known_args(given, namespace)
        # What is no option gets a suggestion.
        option = next((each for each in unknown if each.startswith("--") and len(each) > 2), "")
        if option:
            known = [name for action in self._actions for name in action.option_strings]
            self.error(f"unrecognized arguments: {' '.join(unknown)}{_suggested(option.partition('=')[0], known)}")
        return found, unknown

    def _demand_once(self, given: Sequence[str]) -> None:
        """
        End where an option that takes one value is typed with two. argparse, and AWS's own tools, let the last one count and say
        nothing of the first: that may be the template that was meant. What is always to count has other places.
        """
        values: dict[Action, str] = {}
        for action, following in self._typed(given):
            text = "" if action.nargs == "?" and following.startswith("--") else following
            takes_one = isinstance(action, _StoreAction) and action.nargs in (None, "?", 1)
            if takes_one and values.setdefault(action, text) != text:
                option, first = action.option_strings[-1], values[action]
                instead = _INSTEAD.get(action.dest, "")
                self.error(f"{option} takes one value, and there are two: {first!r}, {text!r}.{instead} Leave one out")

    def _get_value(self, action: Any, text: str) -> Any:
        if action.type is Path and not text:  # Path("") is the folder that one stands in
            raise ArgumentError(action, "it is empty")
        is_path = action.type is Path or action.metavar in _PATHS  # a file's name may be any bytes
        if not is_path and not _is_unicode(text):
            raise ArgumentError(action, f"{text!r} is not UTF-8")
        return super()._get_value(action, text)

    def _check_value(self, action: Any, value: Any) -> None:
        try:
            super()._check_value(action, value)
        except ArgumentError as error:
            error.message += _suggested(str(value), action.choices)
            raise

    def print_help(self, file: Any = None) -> None:
        """Print the help as any result is printed: argparse passes over a stdout that takes nothing."""
        if file is None:
            terminal.result(self.format_help().rstrip("\n"))
        else:
            super().print_help(file)

    # --- what is not typed ----------------------------------------------------------------------------------------------

    def _preset(self, given: Sequence[str], namespace: Namespace) -> None:
        """Put what variables and samconfig.toml say into the namespace. Raises LivebusError with all that is wrong."""
        typed = {action.dest: text for action, text in self._typed(given)}
        namespace.typed = frozenset(typed)
        options = {name: action for action in self._actions if (name := _name(action))}
        settings, faults = _found(self.settings, options, typed.get(CONFIG_ENV))
        taken: dict[str, int] = dict.fromkeys(typed, -1)
        for setting in settings:
            action = options[setting.name]
            rivals = {action.dest, *self._rivals(action)}
            level = min((taken[dest] for dest in rivals if dest in taken), default=None)
            try:
                # Read in any case: a value that is wrong is told also where another one counts.
                # Several flags may fill one list, such as --field and --filter.
                counts = level is None or taken.get(action.dest) == setting.level
                is_set = self._read(action, setting, namespace if counts else Namespace())
            except (ArgumentError, ValueError) as error:
                text = error.message if isinstance(error, ArgumentError) else str(error)
                faults.append(Fault(f"{action.option_strings[-1]}: {text}", setting.place))
                continue
            if is_set and level == setting.level and not counts:
                faults.append(Fault(f"{action.option_strings[-1]} goes without another one that is set", setting.place))
            elif is_set and counts:
                taken[action.dest] = setting.level
                action.required = False
        if faults:
            raise LivebusError(faults=faults)

    def _typed(self, given: Sequence[str]) -> Iterator[tuple[Action, str]]:
        """The options among the arguments, and what stands behind each."""
        for index, word in enumerate(given):
            if word == "--":
                return
            name, equals, value = word.partition("=")
            if not name.startswith("--"):
                continue
            exact = self._option_string_actions.get(name)
            near = [action for text, action in self._option_string_actions.items() if text.startswith(name)]
            if exact is not None or near:
                following = given[index + 1] if index + 1 < len(given) else ""
                yield exact or near[0], value if equals else following

    def _rivals(self, action: Action) -> set[str]:
        groups = [group for group in self._mutually_exclusive_groups if action in group._group_actions]
        return {other.dest for group in groups for other in group._group_actions}

    def _read(self, action: Action, setting: Setting, namespace: Namespace) -> bool:
        """Read a value as argparse would; whether it says anything. Raises ArgumentError or ValueError."""
        option = action.option_strings[-1]
        if action.nargs == 0 or (action.nargs == "?" and setting.value is True):
            switched = setting.switch()
            if switched is None:
                raise ValueError(f"{setting.value!r} is neither true nor false")
            if switched:
                action(self, namespace, action.const if action.nargs == "?" else [], option)
            return switched
        if setting.value is False and action.nargs == "?":
            return False
        for text in setting.texts():
            path = _from_the_file(action, setting, text)
            action(self, namespace, self._get_values(action, [path]), option)
        return True


_PATHS = ("EVENT_FILE", "FILE", "FOLDER", "PATH")


def _is_unicode(text: str) -> bool:
    """Whether an argument came as text: other bytes are half of a surrogate pair each."""
    try:
        text.encode()
    except UnicodeEncodeError:
        return False
    return True


def _name(action: Action) -> str:
    """An option's name elsewhere: its longest flag, with ``_``; empty for what is no option, and for --help."""
    flags = [flag for flag in action.option_strings if flag.startswith("--")]
    if not flags or action.help == SUPPRESS or "--help" in flags:
        return ""
    return flags[0][2:].replace("-", "_")


def _found(command: str, options: dict[str, Action], environment: str | None) -> tuple[list[Setting], list[Fault]]:
    """What is set elsewhere, what stands higher first, and what is wrong with it."""
    variables = [name for name in os.environ if name.startswith("LIVEBUS_")]
    file = None
    from livebus.cli.folder import find
    from livebus.files import MAX_SETTINGS_BYTES, content

    folder = find()
    try:
        # Read here only where Livebus is spoken of: what else is wrong with the file is told where it matters.
        if b"livebus_" in content(folder.samconfig, most=MAX_SETTINGS_BYTES):
            file = folder.config()
    except OSError:
        pass
    if not variables and file is None:
        return [], []
    from livebus.cli.names import CALLABLE
    from livebus.stack import settings
    from livebus.stack.samconfig import DEFAULT_ENVIRONMENT

    found, faults = settings.from_variables(command, options, os.environ)
    for warning in settings.misspelt_variables(os.environ, CALLABLE):
        terminal.warn(warning)
    if file is not None:
        named = next((each.value for each in found if each.name == CONFIG_ENV), None)
        chosen = environment or named or os.environ.get("LIVEBUS_CONFIG_ENV") or DEFAULT_ENVIRONMENT
        in_file, wrong = settings.from_table(command, options, file, chosen, CALLABLE)
        found, faults = [*found, *in_file], [*faults, *wrong]
    return found, faults


def _from_the_file(action: Action, setting: Setting, text: str) -> str:
    """A path in samconfig.toml counts from that file's folder."""
    from livebus.stack.settings import TABLE

    if setting.level != TABLE or text == "-" or not (action.type is Path or action.metavar == "FILE"):
        return text
    return str(Path(setting.place.file).parent / text)
