"""`/healthz/live` and `/healthz/ready`: whether this process runs, and whether it can answer."""

from flask import Blueprint, Response, jsonify

from web.parts import parts

health = Blueprint("health", __name__, url_prefix="/healthz")


@health.get("/live")
def live() -> Response:
    """The process answers; nothing else is looked at."""
    return jsonify(status="ok")


@health.get("/ready")
def ready() -> tuple[Response, int]:
    """Database and index can be read; else 503 and which of them cannot."""
    problems = {name: problem for name, problem in _look().items() if problem}
    status = "unavailable" if problems else "ok"
    return jsonify(status=status, problems=problems), 503 if problems else 200


def _look() -> dict[str, str | None]:
    return {"database": _database_problem(), "index": parts().wiring.index.status().problem}


def _database_problem() -> str | None:
    from sqlalchemy.exc import SQLAlchemyError

    from integrator.errors import HanmaruError

    try:
        parts().wiring.database.require_schema()
    except HanmaruError as error:
        return str(error)
    except (SQLAlchemyError, OSError):
        return "The database does not answer."
    return None
