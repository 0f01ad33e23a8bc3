"""A check of a deployed stage from outside, by the ways of its users, on a board of its own."""
