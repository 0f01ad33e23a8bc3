"""The reference of the HTTP API: `docs/openapi.json` and `docs/http.md`, generated from the code.

Routes, parameters and bodies come from the resolvers, scopes from `serverless.yml`, errors from the
edge's tables. What the functions answer is described in `answers`, which is not shipped: a function
would pay for it with every cold start. The tests hold each answer of the deployed stack to it.
"""
