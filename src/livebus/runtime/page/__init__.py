"""
The page at the runtime's own address: one event's way, live in the browser, and what can be done about it.

::

    history     what became of the last events: references, kept as events pass; nothing is computed then
    ways        one event's way as a document, computed when somebody asks
    documents   the state, the events, clients, tables: documents out
    trial       what would become of an event, a pattern, a template
    letters     retries and dead letters: shown, sent again, purged
    actions     send, replay, tokens, saved samples
    gate        who may ask: a token that no other origin can know
    files       the page's own files, from memory, with their headers
    stream      changes as lines of JSON, bounded
    service     which path is answered by whom

Only ``history`` is loaded before somebody opens the page.
"""
