"""The technologies: DynamoDB, Valkey, API Gateway and the rest. Nothing else imports them."""
