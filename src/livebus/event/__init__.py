"""
An event: the entry that PutEvents takes, the envelope that rules see, and the texts that hold them.
"""
