"""
Events on an Amazon EventBridge bus, live in signed-in apps. The map of the package.

One event's way, and the station that answers for each part of it::

    events/sample.json
      │ event            PutEvents entries and envelopes: what the bus accepts, sizes and limits
      ▼
    event bus
      │ pattern          does a rule's event pattern match
      │ transformer      Input, InputPath or InputTransformer → the mutation's variables
      │ access           the rule's role, the directives of the schema, a token's claims: allow or refuse
      ▼
    AppSync API
      │ schema           AppSync's SDL: directives, AWS scalars, which mutation feeds which subscription
      │ resolver         APPSYNC_JS and mapping templates: unit and pipeline resolvers, in a sandboxed engine
      │ execution        operation × schema × resolvers → a result in AppSync's shape
      ▼
    subscribers
        subscription     who gets which part of a result: links, filters, projection, the 240 KB limit
        realtime         the WebSocket protocol, without the socket

    retry_policy         an attempt that failed: try again (when?), or the dead-letter queue
    redrive              a dead letter: which, why, and what sends its event on its way again

``flow`` puts the stations in their order; nobody else does, and ``linking`` lets rules of one application reach another's API. The event takes its way for real on AWS, live in the local runtime
(``runtime``), and dry in ``rehearsal``, with an audience that stands in for subscribers. ``steps`` is the record of a way that all
of them show. ``errors``, ``caller``, ``operation`` and ``files`` are what stations and edges pass on.

``template`` reads template.yaml into an Application: the stations' inputs. ``data_source`` is what resolvers ask for (HTTP, Lambda),
``dynamodb`` an embedded DynamoDB, ``vtl`` the language of mapping templates, ``srp`` a sign-in's arithmetic for both sides.

What a command is made of bears one name on each level: ``publish`` is pure, ``aws.publish`` its I/O, ``cli.publish`` its arguments,
words and exit codes; so do ``subscribe``, ``redrive``, ``validate`` (with ``checks``: a check lies where one sees its subject in a
template), ``capacity`` and ``new``, the application of one's own. ``stack`` tells which stack, bus, API, client and queue are meant, and
which options stand in samconfig.toml; ``cli.folder`` finds the folder, ``terminal`` is what commands share on a screen.

``aws`` speaks to the real services or to the local runtime, which looks the same. ``runtime`` is that runtime: ``eventbridge``,
``appsync``, ``cognito``, ``cloudformation``, ``functions``, ``s3`` behind one ``port``, what is ``kept``, ``faults`` on purpose; sockets and the
clock are only there. ``lint`` shows findings to cfn-lint, ``testing`` is the pytest fixture.

``sandbox`` is the process for resolvers' code that might not end by itself; ``numerals`` reads numbers that others wrote,
``beyond_orjson`` writes what orjson refuses.

Stations are compiled once and are then called without I/O: time, ids and randomness are arguments.
"""

__version__ = "0.1.0"
