"""Lambda in, Lambda out: parse, call, log one line, return."""
