"""
The local runtime: the event's way served on this machine, without an AWS account. Sockets, files and the clock are here.

``server`` wires everything together; ``application_files`` reads the template and sees when its files change.
``listener`` accepts connections (plain and TLS) and ``connections`` gives them their places, ``callers`` is the gate before
every service, ``bodies`` reads what they send; ``http_server`` gives each path to its owner: ``aws_endpoint`` (with
``events_api``, ``cognito``, ``sqs`` behind it), ``graphql_http``, ``realtime_session``. ``event_buses`` carries events,
``lineage`` ends loops of them, ``journal`` keeps what must outlive a crash, ``trace`` tells what became of them. ``state`` is the folder of all that.
"""
