"""
The page at the runtime's own address: one event's way, live in the browser, and what can be done about it.

::

    history     what became of the last events: references, kept as events pass; nothing is computed then
    records     what became of one event, made of those references when somebody looks
    ways        one event's way as a document, computed when somebody asks
    parts       the parts of the runtime that documents are made from
    clients     who is connected and subscribed, and how that is told
    documents   the state, the events, clients, tables: documents out
    trial       what would become of an event, a pattern, a template
    example     an event that a pattern would match, to begin with
    letters     retries and dead letters: shown, sent again, purged
    actions     send, replay, tokens, saved samples
    gate        who may ask: a token that no other origin can know
    files       the page's own files, from memory, with their headers
    stream      changes as lines of JSON, bounded
    service     which path is answered by whom

Only ``history`` is loaded before somebody opens the page.
"""
