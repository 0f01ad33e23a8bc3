"""Judges and challenges that tests name in boards of their own."""
