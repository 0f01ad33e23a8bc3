"""What a board is: its rules and its seasons. Every other stage builds on this one."""
