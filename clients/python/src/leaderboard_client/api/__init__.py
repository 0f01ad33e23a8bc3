"""Everything that the service does over HTTP. `routes`, `cognito`, `tokens`, `asking` and
`batching` only decide; `sync_api` and `async_api` perform what they decide, by `runners`."""
