"""
The commands: arguments, words and exit codes. What they do is in the packages of the same names.
"""
