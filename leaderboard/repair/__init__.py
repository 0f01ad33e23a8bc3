"""What makes the service right again, beside the path from score to frame."""
