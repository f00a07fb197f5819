"""
What outlives the process: SQLite files and the journal of what is still to be delivered.
"""
