"""The rest of AWS: clients, posts to viewers, other functions, the queue, secrets, sign-ins."""
