"""What developers run and nothing ships."""
