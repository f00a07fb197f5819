"""
Subscribing over AppSync's real-time protocol: connection, gaps, what is printed and for whom.
"""
