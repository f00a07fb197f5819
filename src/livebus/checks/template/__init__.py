"""
Checks of the template as a whole: names, what lies outside, what can't be read.
"""
