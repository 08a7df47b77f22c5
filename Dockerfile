# The webhook as a container image. The last stage only copies, so it adds no shell, no pip and no compiler to BASE. Both bases can be
# pinned: --build-arg BASE=registry/name@sha256:… (docs/server.md, "The image").

# What the image is built on: needs a shell, and python3 with venv.
ARG BUILD_BASE=docker.io/library/python:3.11-slim-bookworm
# What it runs on: needs only python3 on its PATH, with the same minor version and C library as in BUILD_BASE.
ARG BASE=docker.io/library/python:3.11-slim-bookworm

FROM ${BUILD_BASE} AS build
# For a private package index; pip reads both from the environment.
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
COPY manifests/examples manifests/examples
COPY webhook webhook
# The Unix time of every file, so that equal sources give equal files.
ARG SOURCE_DATE_EPOCH=0
# Compiled here because the file system is read-only at run time; unchecked because nothing changes there. The scripts that pip
# puts into bin/ name this stage's interpreter, which may not exist in BASE.
RUN venv/bin/pip wheel --no-deps --no-build-isolation --wheel-dir dist . \
 && venv/bin/pip install --no-deps --no-compile --no-index --target /opt/hydra-webhook dist/*.whl \
 && rm -r /opt/hydra-webhook/bin \
 && python3 -m compileall -q --invalidation-mode unchecked-hash /opt/hydra-webhook \
 && find /opt/hydra-webhook -exec touch --no-dereference --date "@${SOURCE_DATE_EPOCH}" {} +

# The command `hydra-webhook`. Its first line must give the path of the interpreter, because BASE may have neither a shell nor `env`, so
# the python3 of BASE writes it.
FROM ${BASE} AS command
USER 0
ARG SOURCE_DATE_EPOCH=0
RUN ["python3", "-c", "\
import os, sys\n\
with open('/hydra-webhook', 'w') as script:\n\
    print(f'#!{sys.executable}', 'from webhook.cli import main', 'main()', sep=chr(10), file=script)\n\
os.chmod('/hydra-webhook', 0o755)\n\
os.utime('/hydra-webhook', (int(os.environ['SOURCE_DATE_EPOCH'] or 0),) * 2)"]

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
COPY --from=command /hydra-webhook /usr/local/bin/hydra-webhook
ENV PYTHONPATH=/opt/hydra-webhook PYTHONSAFEPATH=1 PYTHONDONTWRITEBYTECODE=1 PYTHONUNBUFFERED=1
USER 65532:65532
EXPOSE 9443 8081
# `serve` is an argument, so that `docker run IMAGE lint …` works.
ENTRYPOINT ["hydra-webhook"]
CMD ["serve"]
# For container engines; Kubernetes has probes of its own.
HEALTHCHECK --interval=30s --timeout=5s --start-period=30s CMD ["hydra-webhook", "healthy"]
