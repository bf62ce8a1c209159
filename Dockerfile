# The steps are run by a test, in a clean folder and without an engine: tests/release/test_container.py.
# The base image: a tag, or with its digest (3.13-slim@sha256:...). A digest that stood here would keep everybody on an
# image without the fixes that came after it; a release looks the tag up, builds from the digest, and labels it.
ARG PYTHON=3.13-slim

FROM python:${PYTHON} AS build
WORKDIR /src
RUN python -m venv /opt/npmtrust
COPY requirements.lock ./
RUN /opt/npmtrust/bin/pip install --no-cache-dir --disable-pip-version-check --only-binary :all: --require-hashes --requirement requirements.lock
COPY pyproject.toml README.md LICENSE ./
COPY bot ./bot
COPY handlers ./handlers
COPY storage ./storage
RUN /opt/npmtrust/bin/pip install --no-cache-dir --disable-pip-version-check --no-deps --no-build-isolation .
# What only builds is no part of what runs.
# hadolint ignore=DL3059
RUN /opt/npmtrust/bin/pip uninstall --disable-pip-version-check --yes hatchling pip

FROM python:${PYTHON}
LABEL org.opencontainers.image.title="npmtrust" \
      org.opencontainers.image.description="A Slack bot with which the owners of npm packages manage trusted publishers together" \
      org.opencontainers.image.licenses="MIT"
COPY --from=build /opt/npmtrust /opt/npmtrust
# The root may be read-only: SQLite's file and nothing else is written, in /data.
RUN install --directory --owner=65532 --group=65532 --mode=0700 /data
ENV PATH=/opt/npmtrust/bin:$PATH \
    PYTHONUNBUFFERED=1 \
    PYTHONDONTWRITEBYTECODE=1 \
    NPMTRUST_DATABASE_URL=sqlite:////data/npmtrust.sqlite3
USER 65532:65532
WORKDIR /data
VOLUME ["/data"]
EXPOSE 3000
HEALTHCHECK --interval=30s --timeout=5s --start-period=60s --retries=3 \
  CMD ["python", "-c", "import os, urllib.request; urllib.request.urlopen('http://127.0.0.1:' + os.environ.get('NPMTRUST_PORT', '3000') + '/readyz', timeout=4)"]
STOPSIGNAL SIGTERM
ENTRYPOINT ["npmtrust"]
CMD ["run"]
