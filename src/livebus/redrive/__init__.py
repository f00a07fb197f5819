"""
What became of events that could not be delivered, and how they get on: the pure part of ``livebus redrive``.

In: messages of a dead-letter queue. Out: groups for people, a choice among them, lines of a file, entries for PutEvents,
and the variables of a target's own mutation.

::

    letter      a message of the queue: the event, and what EventBridge says about it
    selection   which of them are meant: by error, rule, target, age, a value in the event
    summary     groups of them, counted
    words       groups and letters as lines for people
    lines       NDJSON: out of the queue into a file, and back
    mutation    a rule's target as it is deployed: a letter's variables for its GraphQLOperation

https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-rule-dlq.html
"""
