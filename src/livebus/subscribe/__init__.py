"""
The pure part of subscribing: documents, messages, what was received and what was missed.
"""
