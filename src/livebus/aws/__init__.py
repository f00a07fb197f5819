"""
Speaks to AWS, or to the local runtime, which looks the same.

::

    local_runtime   where the local runtime answers: the state file that it leaves
    local_stack     what it runs as a stack: the template, and the values of its parameters
    stack           which stack (samconfig.toml), and its outputs (DescribeStacks)
    session         from flags to clients: boto3 is imported here, and only when a client is asked for
    refusal         what botocore raises, as one clear fault with the next step
    dead_letter_queue  messages looked at without being disturbed, deleted, sent (SQS)
    redriving       dead letters back to the bus; what is accepted is deleted
    target_call     dead letters to their one target, by a signed call of its mutation
    signed_request  a POST request with SigV4
    replays         an archive's events again
    local_faults    faults of the local runtime, switched while it runs
    reach           how a service is reached without boto3: address, credentials; ``botocore_reach`` where files have them
    advice          what to do next, by the code of an error
    http_connection, service_client
                    a few requests on one connection that blocks: nothing is imported that is not needed
    engines         which engine publishes: ``blocking_engine`` a few events, ``bulk_engine`` many, ``boto3_engine`` anything
    publishing      entries, an engine and the books of a publication: what became of each entry
    publication_books, publication_journal, failed_entries
                    what is done and what has failed, on disk
    input_files, stream_feed, placeholders, event_bus_check
                    what is read, and what is looked at before it goes
    expected_delivery
                    whether what is published arrives
    publisher       a few entries in hand, with boto3
    sign_in         a Cognito user's token, kept fresh
    subscriber      a subscription over AppSync's real-time protocol, with gql's transport

Only this package imports boto3, botocore and gql; it does not see ``runtime``.
"""
