"""The tables and the index in DynamoDB: items become the stages' values, and values items."""
