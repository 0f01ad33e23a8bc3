"""What AWS refuses at a deploy: the rules are read from the bundle of their package."""

from __future__ import annotations

import pytest

from tools.preflight import exported, sources, types_of

BUNDLE = """"use strict";
exports.BUNDLED_LIBS = exports.BUNDLED_RULES = void 0;
exports.BUNDLED_RULES = [
    {"id": "header", "resourceTypes": ["AWS::KMS::Key"], "rego": "package a; x := [1]"},
    {"id": "name", "resourceTypes": ["AWS::SQS::Queue"], "rego": "package b"}
];
exports.BUNDLED_LIBS = [{"name": "_lib", "rego": "package lib"}];
"""


def test_rules_of_a_template_s_types_come_with_what_they_share() -> None:
    types = types_of({"Resources": {"Failures": {"Type": "AWS::SQS::Queue"}}})
    assert dict(sources(BUNDLE, types)) == {"_lib": "package lib", "name": "package b"}


def test_bundle_that_is_kept_otherwise_is_no_bundle_without_rules() -> None:
    with pytest.raises(ValueError, match="has no BUNDLED_RULES"):
        exported("export const RULES = [];", "BUNDLED_RULES")
