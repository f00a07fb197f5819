"""
What the commands share on a screen: reports, escaped text, status lines, live tables.
"""
