"""The cache in Valkey: each call is one script, in `scripts/`, beside the module that runs it."""
