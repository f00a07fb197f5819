"""
The local runtime: the event's way served on this machine, without an AWS account. Sockets, files and the clock are here.

``server`` starts it, stops it and looks after it, ``wiring`` makes its parts and connects them; ``settings`` is the command line as data.
``application_files`` reads the template and sees when its files change.

``port`` is the one door: sockets, TLS, the gate before every service, and which path and which call is whose. Behind it stand the services:
``eventbridge`` (carries events, tries again, keeps archives, tells in the trace what became of each), ``appsync`` (GraphQL over HTTP and
WebSocket), ``cognito`` and ``identity_pools``, ``cloudformation`` (what is deployed; the template on disk is a stack as well), ``s3``,
``sqs``, ``ssm``, ``sts``, and ``tables``. ``functions`` runs the code of Lambda functions, ``faults`` fails on purpose, ``page`` shows
all of it in a browser, and ``kept`` is what outlives a crash.
"""
