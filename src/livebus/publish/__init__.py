"""
Station before the bus: many entries on their way to PutEvents, none lost, as fast as the quota lets them.

::

    request        entries put together into one request, by count and by size; its body, spliced from bytes
    answer         what came back, and whether another attempt can help
    dispatch       which entries go when: batches, attempts, back-off; what became of each
    concurrency    how many requests are in flight: as many as pay
    pace           a wanted rate (a token bucket), and the rate that a throttling service turns out to allow
    acknowledged   the numbers of the entries that are done: a watermark, and ranges beyond it
    order          repetition, shuffling and what an earlier run has done already, before dispatch
    tally          counts, reasons and latencies, for the summary
    signer         Signature Version 4 for one kind of request, with the derived key kept
    http_response  HTTP/1.1 answers, as their bytes come

No clock, chance or socket here: the time is an argument, and ``dispatch`` tells when it wants to be asked again.
"""
