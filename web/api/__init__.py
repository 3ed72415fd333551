"""The JSON API of the catalogue, version 1: search and products, described by OpenAPI."""

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from apiflask import APIFlask


def install_api(app: "APIFlask") -> None:
    """Give an application the API's routes and their description."""
    from web.api.catalogue import catalogue
    from web.api.openapi import DESCRIPTION, OPENAPI_VERSION, complete

    app.config.update(
        OPENAPI_VERSION=OPENAPI_VERSION,
        DESCRIPTION=DESCRIPTION,
        AUTO_404_RESPONSE=False,
        AUTO_VALIDATION_ERROR_RESPONSE=False,
        SYNC_LOCAL_SPEC=False,
    )
    app.register_blueprint(catalogue)
    app.spec_processor(complete)
