# The wheel, with the browser's pages in it.
FROM node:22-bookworm AS build
RUN apt-get update \
 && apt-get install --yes --no-install-recommends python3-venv \
 && rm -rf /var/lib/apt/lists/*
WORKDIR /build
RUN python3 -m venv /venv
COPY requirements.lock ./
RUN /venv/bin/pip install --no-cache-dir --require-hashes --requirement requirements.lock
COPY . .
RUN /venv/bin/python -m hatchling build --target wheel --directory /dist

# What runs: Python, the locked dependencies with the driver for PostgreSQL, the wheel, and a user who owns nothing but
# the data.
FROM python:3.11-slim-bookworm
RUN useradd --system --uid 8600 --home-dir /var/lib/soar --create-home soar
COPY requirements-postgres.lock /dist/
RUN pip install --no-cache-dir --require-hashes --requirement /dist/requirements-postgres.lock
COPY --from=build /dist/*.whl /dist/
RUN pip install --no-cache-dir --no-deps /dist/*.whl

USER soar
WORKDIR /var/lib/soar
VOLUME /var/lib/soar
ENV SOAR_SERVER__LISTEN=0.0.0.0:8600 \
    SOAR_DATABASE__URL=sqlite:////var/lib/soar/soar.db
EXPOSE 8600
HEALTHCHECK --interval=10s --timeout=5s --start-period=20s \
  CMD ["python", "-c", "import urllib.request; urllib.request.urlopen('http://127.0.0.1:8600/healthz', timeout=3)"]
ENTRYPOINT ["soar"]
CMD ["serve"]
