"""
Checks that prove before a deploy that rule, transformer, operation, schema, role and queue fit together.

``check`` says what a check is, ``inspection`` what it looks at, ``running`` runs them. Each other module holds the checks of
one concern, in the order of the event's way; ``every`` puts them together.
"""
