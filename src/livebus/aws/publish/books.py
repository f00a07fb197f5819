"""
The files that a publication keeps its books in, opened for a new run or for one that is taken up again.

In: the input, and what the user wants. Out: the file for failed entries and, where one is kept, the journal; at the end,
what is left for another run. Files can be read again: the journal says what is done. A stream cannot: what was read of it
and not accepted goes to the file of failed entries.
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

from livebus.aws.publish.failed_entries import FailedEntries, free_name
from livebus.aws.publish.input_files import InputFiles
from livebus.aws.publish.publishing import Ledger, Summary
from livebus.errors import InvalidEvent, LivebusError, Place
from livebus.files import is_there
from livebus.publish.request import Addressing

if TYPE_CHECKING:
    from livebus.aws.publish.journal import PublishJournal


class BookOptions(NamedTuple):
    """
    What the user wants; empty strings for the usual files.

    ``order`` is what numbers mean beside the input: repetition, count and seed. ``few`` keeps no journal unless one is
    needed.
    """

    order: list[Any]
    few: bool = False
    resume: bool = False
    journal: str = ""
    no_journal: bool = False
    fail_file: str = ""


class Books:
    """
    The open files of one publication.

    Raises InvalidEvent where they cannot be opened, or hold what must not be lost: nothing has been sent then.
    """

    def __init__(self, inputs: InputFiles, options: BookOptions, addressing: Addressing) -> None:
        self._inputs = inputs
        self._options = options
        self._path = Path(options.journal) if options.journal else inputs.journal
        try:
            path, self.journal = self._resumed() if options.resume else self._begun()
        except LivebusError as error:
            raise InvalidEvent(faults=error.faults) from None
        self.failed = FailedEntries(path, addressing, resumed=options.resume)

    def close(self, summary: Summary, ledger: Ledger) -> Path | None:
        """Close all, and keep what is left; the journal, where it is kept. Raises LivebusError."""
        try:
            if not summary.complete and self.journal is None:
                if self._inputs.is_static and not self._options.no_journal:
                    self._begin_late(ledger)
                else:
                    for item, result in summary.left:
                        self.failed.add(item, result)
                    self.failed.sync()
            if self.journal is None:
                return None
            self.journal.close(keep=not summary.complete)
            return None if summary.complete else self.journal.path
        finally:
            self.failed.close()

    def _begin_late(self, ledger: Ledger) -> None:
        """A journal for a small run that did not come to its end; none where nothing was done at all."""
        from livebus.aws.publish import journal as publication_journal

        ranges = list(ledger.done.ranges())
        if ranges:
            self.journal = publication_journal.begun(self._path, self._header(self.failed.path))
            for first, last in ranges:
                self.journal.add(first, last)

    def _resumed(self) -> tuple[Path, PublishJournal | None]:
        from livebus.aws.publish import journal as publication_journal

        named = self._options.fail_file or publication_journal.failed_file_of(self._path)
        failed = Path(named) if named else self._inputs.failed
        return failed, publication_journal.resumed(self._path, self._header(failed))

    def _begun(self) -> tuple[Path, PublishJournal | None]:
        options, inputs = self._options, self._inputs
        if options.fail_file and is_there(Path(options.fail_file)):
            found = "there is such a file: it may hold events that are not published yet"
            raise InvalidEvent(found, Place(options.fail_file), advice="Publish or remove it, or name another one.")
        failed = Path(options.fail_file) if options.fail_file else free_name(inputs.failed)
        wanted = options.journal or (inputs.is_static and (not options.few or is_there(self._path)))
        if options.no_journal or not wanted:
            return failed, None
        from livebus.aws.publish import journal as publication_journal

        return failed, publication_journal.begun(self._path, self._header(failed))

    def _header(self, failed: Path) -> dict[str, Any]:
        return {"inputs": self._inputs.identity(), "order": self._options.order, "failed": str(failed)}
