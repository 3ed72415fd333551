"""The Flask application: `create_app(settings)` puts pages, API, headers and the error table together."""

import secrets

import structlog
from apiflask import APIFlask

from web.api import install_api
from web.buyers import make_buyers, make_front
from web.config import Settings
from web.headers import set_headers
from web.health import health
from web.i18n import set_languages
from web.logs import configure_logging
from web.metrics import install_metrics
from web.parts import Parts
from web.problems import tell_problems
from web.traffic import Traffic
from web.views import set_views
from web.wiring import Wiring


def create_app(settings: Settings, *, wiring: Wiring | None = None, traffic: Traffic | None = None) -> APIFlask:
    """The application. Opens neither database nor index before the first request.

    `traffic` counts the requests of all processes of one server; without it this one's are counted.
    A server of another make (`gunicorn 'web.app:create_app(...)'`) has configured no logging: then it is done here.
    """
    if not structlog.is_configured():
        configure_logging()
    app = APIFlask("web", title="Hanmaru", version="1", docs_path=None, spec_path="/api/v1/openapi.json")
    app.secret_key = settings.secret_key or secrets.token_urlsafe(32)
    Parts(wiring or Wiring(settings)).install(app.extensions)
    set_languages(app)
    set_views(app)
    set_headers(app, settings)
    tell_problems(app)
    for blueprint in (make_front(), make_buyers(), health):
        app.register_blueprint(blueprint)
    install_api(app)
    install_metrics(app, traffic or Traffic())
    return app
