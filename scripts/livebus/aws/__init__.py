"""
Speaks to AWS, or to the local runtime, which looks the same.

::

    local_runtime   where the local runtime answers: the state file that it leaves
    stack           which stack (samconfig.toml), and its outputs (DescribeStacks)
    session         from flags to clients: boto3 is imported here, and only when a client is asked for
    refusal         what botocore raises, as one clear fault with the next step
    batches         entries into PutEvents requests, by count and by size
    publisher       PutEvents: batches, and each failed entry again while that can help
    dead_letter_queue  messages looked at without being disturbed, deleted, sent (SQS)
    redriving       dead letters back to the bus; what is accepted is deleted
    target_call     dead letters to their one target, by a signed call of its mutation
    signed_request  a POST request with SigV4
    replays         an archive's events again
    local_faults    faults of the local runtime, switched while it runs
    sign_in         a Cognito user's token, kept fresh
    subscriber      a subscription over AppSync's real-time protocol, with gql's transport

Only this package imports boto3, botocore and gql; it does not see ``runtime``.
"""
