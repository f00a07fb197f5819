"""
Puts entries together into PutEvents requests.

In: the entries' sizes. Out: which entries go into the next request.
https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-putevents.html
"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator, Sequence

from livebus.event import MAX_ENTRIES

# AWS says "1 MB" without saying which: the smaller reading passes under both.
MAX_BATCH_BYTES = 1_000_000


def next_batch(pending: deque[int], sizes: Sequence[int]) -> list[int]:
    """
    Take the entries of the next request from the left of ``pending``: at most 10, at most 1,000,000 bytes together.

    ``pending`` holds indices into ``sizes``, in bytes. One entry above the limit goes alone: AWS has the last word.
    """
    batch: list[int] = []
    total = 0
    while pending and len(batch) < MAX_ENTRIES:
        total += sizes[pending[0]]
        if batch and total > MAX_BATCH_BYTES:
            break
        batch.append(pending.popleft())
    return batch


def batches(sizes: Sequence[int]) -> Iterator[list[int]]:
    """All requests that it takes if none fails."""
    pending = deque(range(len(sizes)))
    while pending:
        yield next_batch(pending, sizes)
