"""The reference, generated from the code: `docs/openapi.json` and `docs/http.md` of the HTTP API,
`docs/asyncapi.yaml` of the WebSocket.

Routes, parameters and bodies come from the resolvers, scopes from `serverless.yml`, errors from the
edge's tables. What the functions answer is described in `answers`, which is not shipped: a function
would pay for it with every cold start. The frames are described by the types that they are written
with. The tests hold each answer and frame of the deployed stack to the reference.
"""
