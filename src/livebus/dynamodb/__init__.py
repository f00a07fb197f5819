"""
An embedded DynamoDB: tables in SQLite behind one function, in memory or in a file.

::

    errors              an answer that is an error
    number              numbers of 38 digits: text, sums, bytes that sort
    key_bytes           key values as bytes in DynamoDB's order
    attribute_values    typed values: read, measured, compared
    expressions         conditions, updates, projections
    table               data: a table, its keys and indexes
    store               SQLite: the only I/O
    parameters          members of requests by type
    context             what the operations share
    legacy              Expected, from before expressions
    writes              one write, prepared and carried out
    single_items, reading, batches, transactions, partiql      the operations on items
    table_requests, administration                             the operations on tables
    engine              the seam
    appsync             resolver requests as calls, and answers as results
"""
