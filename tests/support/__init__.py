"""
What tests lean on: runtimes in this process and in one of their own, clients, and waiting with a deadline.
"""
