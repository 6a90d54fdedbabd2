"""The two ways in which lstmkit says that something is wrong."""


class LstmkitError(ValueError):
    """Something the user gave cannot be used: the message names what, where, and what would be right."""


class LstmkitWarning(UserWarning):
    """Something the user should know although the work goes on."""
