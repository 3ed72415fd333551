"""The description of the API is valid, complete and true."""

import pytest
import schemathesis
from apiflask import APIFlask
from flask.testing import FlaskClient
from hypothesis import HealthCheck, given, settings
from openapi_spec_validator import validate
from schemathesis.specs.openapi.checks import positive_data_acceptance

from search.query import known_parameters


@pytest.fixture(scope="module")
def described(app: APIFlask) -> schemathesis.BaseSchema:
    return schemathesis.openapi.from_wsgi("/api/v1/openapi.json", app)


def test_the_description_is_valid_openapi_3_1(client: FlaskClient):
    spec = client.get("/api/v1/openapi.json").get_json()

    validate(spec)
    assert spec["openapi"].startswith("3.1")
    assert set(spec["paths"]) == {"/api/v1/search", "/api/v1/products/{product_id}"}


def test_every_parameter_of_the_registry_is_described_and_no_other(client: FlaskClient):
    spec = client.get("/api/v1/openapi.json").get_json()
    names = {each["name"] for each in spec["paths"]["/api/v1/search"]["get"]["parameters"]}

    assert names == known_parameters() | {"lang", "facet"}


def test_every_failure_has_the_one_shape(client: FlaskClient):
    spec = client.get("/api/v1/openapi.json").get_json()

    for path in spec["paths"].values():
        for code, response in path["get"]["responses"].items():
            if int(code) >= 400:
                schema = response["content"]["application/json"]["schema"]
                assert schema == {"$ref": "#/components/schemas/Failure"}


@pytest.mark.parametrize("path", ["/api/v1/search", "/api/v1/products/{product_id}"])
def test_answers_are_as_described_whatever_is_asked(described: schemathesis.BaseSchema, path: str):
    @given(case=described[path]["GET"].as_strategy())
    @settings(max_examples=60, deadline=None, suppress_health_check=list(HealthCheck), derandomize=True, database=None)
    def ask(case: schemathesis.Case) -> None:
        # What holds between two parameters (page times size, least and most) cannot be described: that is a 400 too.
        case.call_and_validate(excluded_checks=[positive_data_acceptance])

    ask()
