"""Says before a deployment what would stop it: `python -m tools.doctor --stage dev`.

`checks` decides, over facts that `account` gets from AWS and `configuration` from serverless.yml;
`examination` runs the checks beside each other, each under a deadline.
"""
