"""How a run can fail by itself."""


class StuckError(AssertionError):
    """Nothing can go on, though something is left to do."""


class LivelockError(AssertionError):
    """The run took more decisions than it was allowed to."""
