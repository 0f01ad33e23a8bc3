"""What developers run against a stage. Nothing in here is shipped with the functions."""
