"""What a stage costs at rest: docs/cost.md says what the packaged template adds up to."""

from __future__ import annotations

import copy
from collections.abc import Mapping
from typing import Any

import pytest

from local.service import ROOT
from tests.package.packaging import Package
from tools import rest
from tools.cost import AT_REST_MONTHLY

pytestmark = pytest.mark.package

PAGE = (ROOT / "docs" / "cost.md").read_text()


def test_page_says_what_the_packaged_template_costs(dev: Package, prod: Package) -> None:
    table = rest.table({"dev": dev.template, "prod": prod.template})
    assert table in PAGE, "docs/cost.md, At rest: take what `python -m tools.rest` prints"
    readme = (ROOT / "README.md").read_text()
    for stage in (dev, prod):
        assert f"${rest.total(rest.parts(stage.template)):.2f}" in readme


def test_calculator_knows_what_the_stage_costs_at_rest(dev: Package) -> None:
    assert pytest.approx(rest.total(rest.parts(dev.template)), abs=0.005) == AT_REST_MONTHLY


def with_resource(package: Package, resource: Mapping[str, Any]) -> dict[str, Any]:
    template = copy.deepcopy(dict(package.template))
    template["Resources"]["Another"] = resource
    return template


@pytest.mark.parametrize(
    ("resource", "dollars"),
    [
        ({"Type": "AWS::CloudWatch::Alarm", "Properties": {"MetricName": "any"}}, 0.10),
        ({"Type": "AWS::SecretsManager::Secret"}, 0.40),
        ({"Type": "AWS::KMS::Key"}, 1.00),
        ({"Type": "AWS::WAFv2::WebACL", "Properties": {"Rules": [{}, {}]}}, 7.00),
    ],
)
def test_whatever_is_added_is_counted(
    dev: Package, resource: dict[str, Any], dollars: float
) -> None:
    template = with_resource(dev, resource)
    more = rest.total(rest.parts(template)) - rest.total(rest.parts(dev.template))
    assert more == pytest.approx(dollars)
    assert rest.table({"dev": template}) != rest.table({"dev": dev.template})


def test_schedule_that_is_added_is_counted(dev: Package) -> None:
    rule = dict(next(iter(dev.of_type("AWS::Events::Rule").values())))
    rule |= {"ScheduleExpression": "rate(1 minute)", "State": "ENABLED"}
    template = with_resource(dev, {"Type": "AWS::Events::Rule", "Properties": rule})
    assert rest.total(rest.parts(template)) > rest.total(rest.parts(dev.template)) + 0.10


def test_detailed_metrics_are_off_and_counted_where_they_are_on(dev: Package) -> None:
    template = copy.deepcopy(dict(dev.template))
    for resource in template["Resources"].values():
        if resource["Type"] == "AWS::ApiGatewayV2::Stage":
            settings = resource["Properties"]["DefaultRouteSettings"]
            assert settings["DetailedMetricsEnabled"] is False
            settings["DetailedMetricsEnabled"] = True
    more = rest.total(rest.parts(template)) - rest.total(rest.parts(dev.template))
    routes = len(dev.of_type("AWS::ApiGatewayV2::Route"))
    assert f"up to ${more:.2f} for all {routes}" in PAGE


def test_resource_without_a_price_is_named(dev: Package) -> None:
    template = with_resource(dev, {"Type": "AWS::EC2::NatGateway"})
    with pytest.raises(rest.Unpriced, match=r"Another is of the type AWS::EC2::NatGateway"):
        rest.parts(template)
