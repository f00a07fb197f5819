"""
The event's way without sockets: who listens, what a sample event meets at each station, who gets it.
"""
