"""The two ways in which lstmkit says that something is wrong."""

ERROR = "error: "  # begins the line in which a command ends that could not be completed


class LstmkitError(ValueError):
    """Something the user gave cannot be used: the message names what, where, and what would be right."""

    def _render_traceback_(self) -> list[str]:
        """In a notebook the message alone: where in lstmkit it was raised helps nobody who has to mend the input."""
        return [f"{type(self).__name__}: {self}"]


class LstmkitWarning(UserWarning):
    """Something the user should know although the work goes on."""
