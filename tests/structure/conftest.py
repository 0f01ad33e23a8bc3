"""Machines that run these tests are shared: how long one example takes says nothing there."""

from hypothesis import settings

settings.register_profile("structure", deadline=None)
settings.load_profile("structure")
