"""
Station: DynamoDB's expressions: text → what it says → whether it holds of an item, or what it makes of one.

::

    lexer            text as tokens
    syntax           data: conditions, operands, updates
    parser           conditions and projections
    update_parser    update expressions
    placeholders     names and values in place of ``#n`` and ``:v``; what of them is not used
    checks           operands of a type that an operator or a function does not take
    conditions       whether a condition holds
    updates          what an update makes of an item
    projections      what a projection leaves of an item
    key_conditions   the part of a Query that says where to look

https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/Expressions.html
"""
