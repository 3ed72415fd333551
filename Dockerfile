# One image for every process of ours: web server, worker, scheduler, migration, mock platforms.

FROM python:3.11-slim-bookworm AS build
WORKDIR /build
COPY . .
# The locked packages, the front end's files and the compiled translations; then all of it as one wheel.
RUN python bootstrap.py assets \
 && .venv/bin/hatchling build --target wheel --directory dist
# What runs: the locked packages without those that only build, and our wheel.
RUN .venv/bin/uv venv --quiet /opt/hanmaru \
 && .venv/bin/uv pip install --quiet --python /opt/hanmaru --no-deps --only-binary :all: --require-hashes --requirement requirements.lock \
 && .venv/bin/uv pip install --quiet --python /opt/hanmaru --no-deps dist/hanmaru-*.whl \
 && .venv/bin/uv pip uninstall --quiet --python /opt/hanmaru editables hatchling pathspec pluggy trove-classifiers

FROM python:3.11-slim-bookworm
RUN groupadd --system --gid 10001 hanmaru \
 && useradd --system --uid 10001 --gid hanmaru --home-dir /var/lib/hanmaru --create-home hanmaru
COPY --from=build /opt/hanmaru /opt/hanmaru
ENV PATH=/opt/hanmaru/bin:$PATH \
    PYTHONUNBUFFERED=1 \
    PYTHONDONTWRITEBYTECODE=1 \
    HANMARU_HOME=/var/lib/hanmaru
USER hanmaru
WORKDIR /var/lib/hanmaru
EXPOSE 8000
HEALTHCHECK --interval=30s --timeout=10s --start-period=60s \
    CMD ["python", "-c", "import urllib.request; urllib.request.urlopen('http://127.0.0.1:8000/healthz/live', timeout=5)"]
CMD ["hanmaru", "serve"]
