"""A live leaderboard: rules, ranking, delta, delivery. Knows nothing of Lambda."""
