"""
``python -m livebus``.
"""

from livebus.cli.commands import entry

entry()
