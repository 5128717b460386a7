# syntax=docker/dockerfile:1
# The one binary in a small image, run by a user without rights. docker-compose.yml shows how.

FROM rust:1.95-slim-bookworm AS build
WORKDIR /src
COPY . .
RUN --mount=type=cache,target=/usr/local/cargo/registry --mount=type=cache,target=/src/target \
    ops/release && cp target/release/whereabouts target/release/whereabouts.debug /

FROM debian:bookworm-slim
# Certificates: for Redis and PostgreSQL over TLS.
RUN apt-get update \
    && apt-get install -y --no-install-recommends ca-certificates \
    && rm -rf /var/lib/apt/lists/* \
    && useradd --uid 10001 --home-dir /var/lib/whereabouts --create-home --shell /usr/sbin/nologin whereabouts \
    && install -d -o whereabouts -m 700 /run/whereabouts
COPY --from=build /whereabouts /usr/local/bin/whereabouts
# The symbols stay in the stage before: docker build --target build.
COPY ops/container/start ops/container/healthy /usr/local/bin/
USER whereabouts
WORKDIR /var/lib/whereabouts
VOLUME /var/lib/whereabouts
# Clients, and operators: /metrics answers in the container only, until operations.listen says otherwise.
EXPOSE 8080 9464
HEALTHCHECK --interval=5s --timeout=3s --start-period=10s --retries=3 CMD ["healthy"]
ENTRYPOINT ["start"]
CMD ["serve", "--listen", "0.0.0.0:8080", "--data", "/var/lib/whereabouts"]
