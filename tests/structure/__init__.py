"""The rules of the house that no type checker knows: who imports whom, what the template says."""
