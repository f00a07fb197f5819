"""
EventBridge in the runtime: buses, rules, deliveries, archives, replays.
"""
