"""
``python -m livebus``.
"""

from livebus.cli.commands import entry_of_module

if __name__ == "__main__":
    entry_of_module()
