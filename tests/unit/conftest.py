"""The unit tests run on machines that are shared: how long one example takes says nothing there."""

from hypothesis import settings

settings.register_profile("unit", deadline=None)
settings.load_profile("unit")
