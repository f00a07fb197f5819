"""
The runtime's one port: sockets, TLS, HTTP, who calls, and which service answers.
"""
