# The service, its three models and nothing else: docs/containers.md says how to build and run it.
# Works with the classic builder and with BuildKit.

# Any image with a python3 that has venv: Debian's own does as well as the official slim one.
ARG BASE=python:3.11-slim-bookworm
# Where things are built: with a C compiler in it, nothing is fetched to compile.
ARG BUILDER=${BASE}

FROM ${BUILDER} AS builder
# An extra index for wheels. Without a GPU, name PyTorch's own CPU index: saves gigabytes of CUDA.
ARG TORCH_INDEX_URL=""
RUN python3 -m venv /opt/venv
WORKDIR /wheelhouse
# The star lets wheelhouse/ be absent. Where it has wheels, nothing is fetched.
COPY constraints/runtime.txt wheelhouse* ./
RUN set -eu; \
    if ls ./*.whl >/dev/null 2>&1; then set -- --no-index --find-links .; \
    elif [ -n "$TORCH_INDEX_URL" ]; then set -- --extra-index-url "$TORCH_INDEX_URL"; \
    else set --; fi; \
    /opt/venv/bin/pip install --no-cache-dir --disable-pip-version-check \
        --only-binary :all: "$@" --requirement runtime.txt
# A quarter serves those who compile against torch or test packages. Import needs shm_manager.
RUN set -eu; cd /opt/venv/lib/python3*/site-packages; \
    rm -rf torch/include torch/share torch/test; \
    find torch/bin -type f ! -name torch_shm_manager -delete; \
    find . -type d -name tests -prune -exec rm -rf {} +
# A compiler for the parts in C, and a quicker allocator. Without them everything works, more slowly.
RUN set -u; wanted=""; \
    command -v gcc >/dev/null || wanted="gcc libc6-dev"; \
    ls /usr/lib/*/libtcmalloc_minimal.so.4 >/dev/null 2>&1 \
        || wanted="$wanted libtcmalloc-minimal4"; \
    if [ -n "$wanted" ] && ! ls ./*.whl >/dev/null 2>&1; then \
        apt-get update -qq && apt-get install -y -qq --no-install-recommends $wanted \
        || echo "not to be had: $wanted; the service will be slower"; \
    fi; \
    mkdir /opt/allocator; \
    cp /usr/lib/*/libtcmalloc_minimal.so.4 /opt/allocator 2>/dev/null || true
# The command, its version and the parts in C; built by the setuptools that torch names, then nobody
# needs it.
COPY pyproject.toml README.md LICENSE seqserve.py /build/
COPY service/*.c service/*.h /build/service/
COPY service/front /build/service/front
COPY service/passes /build/service/passes
RUN set -eu; \
    /opt/venv/bin/pip install --no-cache-dir --disable-pip-version-check --no-index --no-deps \
        --no-build-isolation --no-compile --target /opt/command /build; \
    /opt/venv/bin/pip uninstall --yes --quiet pip setuptools

FROM ${BASE}
# By number, so that a cluster can see that it is not root. It owns nothing and has no home.
RUN groupadd --gid 10001 seqserve \
    && useradd --uid 10001 --gid 10001 --no-create-home --home-dir /nonexistent \
        --shell /usr/sbin/nologin seqserve \
    && mkdir /models
COPY --from=builder /opt/venv /opt/venv
COPY --from=builder /opt/allocator /usr/local/lib
WORKDIR /app
COPY deploy/healthcheck.py LICENSE ./
COPY models ./models
COPY --from=builder /opt/command ./
COPY service ./service
# Nothing can be written later, so compile now: a container starts faster.
RUN /opt/venv/bin/python -m compileall -q .
ENV PATH=/app/bin:/opt/venv/bin:$PATH \
    PYTHONPATH=/app \
    PYTHONDONTWRITEBYTECODE=1 \
    PYTHONUNBUFFERED=1 \
    SEQSERVE_HOST=0.0.0.0 \
    SEQSERVE_PORT=8000 \
    SEQSERVE_REPOSITORY=/app/models/repository
USER 10001:10001
EXPOSE 8000
STOPSIGNAL SIGTERM
HEALTHCHECK --interval=5s --timeout=3s --start-period=60s --retries=3 \
    CMD ["/opt/venv/bin/python", "/app/healthcheck.py"]
ENTRYPOINT ["seqserve"]
CMD ["serve"]
# Last, because they change with every commit.
ARG VERSION=""
ARG REVISION=""
LABEL org.opencontainers.image.title="seqserve" \
      org.opencontainers.image.description="Forecasts, digits and next words over REST" \
      org.opencontainers.image.licenses="Apache-2.0" \
      org.opencontainers.image.version="${VERSION}" \
      org.opencontainers.image.revision="${REVISION}"
