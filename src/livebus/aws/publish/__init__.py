"""
Publishing: files read, PutEvents called by one of two engines, what was refused or left open kept in files.
"""
