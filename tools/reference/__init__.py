"""The reference, generated from the code: `docs/openapi.json` and `docs/http.md` of the HTTP API,
`docs/asyncapi.yaml` of the WebSocket.

What a route is for, answers and refuses stands at the route (`handlers.describing`); parameters and
bodies come from its signature, scopes from `serverless.yml`, statuses from `handlers.problems`. The
types of answers and frames cost an import nothing, and `schemas` and `frames` read them. The tests
hold each answer and frame of the deployed stack to the reference.
"""
