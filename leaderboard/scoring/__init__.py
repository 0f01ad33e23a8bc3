"""A request becomes one write: decisions over the items that were read, and the game's judges."""
