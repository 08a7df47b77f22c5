# The webhook as a container image. What runs has neither a shell nor pip nor a compiler from here: the last stage only copies.
# Both bases can be pinned: --build-arg BASE=registry/name@sha256:… (docs/server.md, "The image").

# Where packages are installed: needs a shell and python3 with venv.
ARG BUILD_BASE=docker.io/library/python:3.11-slim-bookworm
# What runs: needs python3 on its PATH, of the same minor version and C library as that of BUILD_BASE, and nothing else.
ARG BASE=docker.io/library/python:3.11-slim-bookworm

FROM ${BUILD_BASE} AS build
# For a package index of one's own. pip reads both from its environment.
ARG PIP_INDEX_URL
ARG PIP_CERT
ENV PIP_QUIET=1 PIP_NO_CACHE_DIR=1 PIP_DISABLE_PIP_VERSION_CHECK=1
WORKDIR /build
COPY requirements.lock requirements-build.lock ./
RUN python3 -m venv venv \
 && venv/bin/pip install --require-hashes --no-compile --requirement requirements-build.lock \
 && venv/bin/pip install --require-hashes --no-compile --only-binary :all: --target /opt/hydra-webhook --requirement requirements.lock
COPY pyproject.toml README.md LICENSE ./
COPY certs certs
COPY webhook webhook
# Unix time given to every file, so that equal sources make equal files.
ARG SOURCE_DATE_EPOCH=0
# Compiled here, because the file system is read-only where it runs; unchecked, because nothing changes there. The scripts
# in bin/ name an interpreter that the other base need not have.
RUN venv/bin/pip wheel --no-deps --no-build-isolation --wheel-dir dist . \
 && venv/bin/pip install --no-deps --no-compile --no-index --target /opt/hydra-webhook dist/*.whl \
 && rm -r /opt/hydra-webhook/bin \
 && python3 -m compileall -q --invalidation-mode unchecked-hash /opt/hydra-webhook \
 && find /opt/hydra-webhook -exec touch --no-dereference --date "@${SOURCE_DATE_EPOCH}" {} +

FROM ${BASE}
ARG VERSION=unknown
ARG REVISION=unknown
ARG SOURCE=unknown
LABEL org.opencontainers.image.title="hydra-runtime-webhook" \
      org.opencontainers.image.description="Mutating admission webhook that turns bare Pods and LeaderWorkerSets into runnable inference workloads" \
      org.opencontainers.image.version="${VERSION}" \
      org.opencontainers.image.revision="${REVISION}" \
      org.opencontainers.image.source="${SOURCE}" \
      org.opencontainers.image.licenses="Apache-2.0"
COPY --from=build /opt/hydra-webhook /opt/hydra-webhook
ENV PYTHONPATH=/opt/hydra-webhook PYTHONSAFEPATH=1 PYTHONDONTWRITEBYTECODE=1 PYTHONUNBUFFERED=1
USER 65532:65532
EXPOSE 9443 8081
# By module, since bases differ in where the interpreter lies. `serve` is an argument, so that `docker run IMAGE lint …` works.
ENTRYPOINT ["python3", "-m", "webhook.cli"]
CMD ["serve"]
# For container engines; Kubernetes asks /livez and /readyz itself.
HEALTHCHECK --interval=30s --timeout=5s --start-period=30s CMD ["python3", "-m", "webhook.cli", "healthy"]
