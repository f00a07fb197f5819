"""
What redriving needs of AWS: the dead-letter queue, and the target's mutation called by itself.
"""
