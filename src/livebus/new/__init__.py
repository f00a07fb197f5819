"""
An application of one's own, from the one that Livebus ships: its names, its fields, its files.

In: names as they are typed, the texts of the shipped application. Out: the texts of the new one, by path. Nothing is written here.
"""

from livebus.new.application import application
from livebus.new.field import EventField
from livebus.new.naming import Naming, read_naming

__all__ = ["EventField", "Naming", "application", "read_naming"]
