"""The checks that boards.yml names: what this game knows about the values that players report."""
