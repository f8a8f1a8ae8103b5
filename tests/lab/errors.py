"""The one error that the lab raises."""


class LabError(Exception):
    """Something the person at the keyboard can act on; the message is the whole story, in one sentence or two."""
