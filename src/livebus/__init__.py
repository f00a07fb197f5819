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
      │ resolver         APPSYNC_JS: unit and pipeline resolvers in a sandboxed engine
      │ execution        operation × schema × resolvers → a result in AppSync's shape
      ▼
    subscribers
        subscription     who gets which part of a result: links, filters, projection, the 240 KB limit
        realtime         the WebSocket protocol, without the socket

    delivery             an attempt that failed: try again (when?), or the dead-letter queue
    redrive              a dead letter: which, why, and what sends its event on its way again

``template`` and ``intrinsics`` read template.yaml into an Application: the stations' inputs. ``event_file`` reads files of
events whole, ``event_stream`` (with ``event_line``, ``event_sources``) any number of them one after the other;
``event_template`` fills in placeholders. ``identity`` and ``operation`` are the data that stations pass on.
``flow`` puts the stations in their order; nobody else does. The event takes its way for real on AWS, live in the local
runtime, and dry in ``rehearsal`` (with an ``audience`` that stands in for subscribers). ``aws`` speaks to the real services,
or to the local runtime, which looks the same; ``runtime`` is that runtime: sockets and the clock are only there.

``preflight`` tells which rules events would match, ``arrivals`` counts what came of them (``latency_plot`` draws it).

``publication`` is the way before the bus, for many events: batches, attempts, the pace; ``latencies`` counts durations.

``checks`` prove that the parts fit together. ``project`` finds the files around a template, ``validation`` runs checks and dry
run over them; ``lint`` shows the findings to cfn-lint, ``testing`` is the pytest fixture. ``capacity`` is about no template but
about a load: what it costs, and which quotas it meets first. ``faults`` decides what fails on purpose. ``terminal``,
``status_line`` and ``flags`` are what the programs in ``scripts/`` share, ``publication_view`` is what
livebus publish shows. ``publish_arguments``, ``subscribe_arguments`` and ``redrive_arguments`` are what these programs are told.

``stack`` tells which stack, bus, API, client and queue are meant, and which options stand in samconfig.toml; ``cli.folder`` finds the
folder. ``new`` makes an application of one's own of the shipped one.

``sandbox`` is the process for resolvers' code that might not end by itself; ``numerals`` reads numbers that others wrote.

Stations are compiled once and are then called without I/O: time, ids and randomness are arguments.
"""

__version__ = "0.1.0"
