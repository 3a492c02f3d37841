# The gateway in a small image:            docker build -t sluice .
# Its tests, on what the image is made of: docker build -t sluice-tests --target tests .
# The same without Docker, from nothing:   scripts/prove-dockerfile.sh
#
# No package is named here: what builds and tests is in scripts/lib/packages.sh, and what runs is read off the
# built program. Layers go from what seldom changes to what often does.
ARG DEBIAN=debian:bookworm-slim

FROM ${DEBIAN} AS compilers
SHELL ["/bin/bash", "-euo", "pipefail", "-c"]
WORKDIR /src
COPY scripts/lib/packages.sh scripts/lib/
RUN . scripts/lib/packages.sh && ensure_packages "${build_packages[@]}" && apt-get clean && rm -rf /var/lib/apt/lists/*

FROM compilers AS build
COPY CMakeLists.txt CMakePresets.json ./
COPY cmake cmake
COPY docs/CMakeLists.txt docs/
COPY include include
COPY web web
COPY src src
RUN --mount=type=cache,target=/root/.cache/ccache \
    cmake --preset release -DSLUICE_BUILD_EXAMPLES=OFF && cmake --build --preset release --target sluice
COPY scripts/runtime-packages.sh scripts/
COPY config/sluice.yaml config/
# Inside a container loopback is of no use. Without an API key the gateway refuses to start on every address.
RUN install -D --strip build/release/sluice /out/usr/bin/sluice \
 && scripts/runtime-packages.sh /out/usr/bin/sluice >runtime-packages \
 && mkdir -p /out/etc/sluice \
 && sed 's/^  listen: 127\.0\.0\.1:8080$/  listen: 0.0.0.0:8080/' config/sluice.yaml >/out/etc/sluice/sluice.yaml

FROM compilers AS tests
RUN . scripts/lib/packages.sh && ensure_packages "${run_packages[@]}" "${test_packages[@]}" "${bench_packages[@]}" \
 && apt-get clean && rm -rf /var/lib/apt/lists/*
COPY . .
CMD ["scripts/test.sh"]

FROM ${DEBIAN} AS gateway
LABEL org.opencontainers.image.title="Sluice" \
      org.opencontainers.image.description="A query gateway for many PostgreSQL databases" \
      org.opencontainers.image.licenses="MIT"
RUN groupadd --gid 10001 sluice \
 && useradd --uid 10001 --gid sluice --no-create-home --home-dir /nonexistent --shell /usr/sbin/nologin sluice
COPY --from=build /src/runtime-packages /tmp/runtime-packages
RUN apt-get update -qq \
 && DEBIAN_FRONTEND=noninteractive xargs apt-get install -qq --yes --no-install-recommends \
    </tmp/runtime-packages >/dev/null \
 && apt-get clean && rm -rf /var/lib/apt/lists/* /tmp/runtime-packages
COPY --from=build /out/ /
ENV SLUICE_CONFIG=/etc/sluice/sluice.yaml
# By number, so that an orchestrator can see that this is not root.
USER 10001:10001
EXPOSE 8080
STOPSIGNAL SIGTERM
# Whether it lives. Whether it takes traffic is another question (check-health --ready): nobody is helped by
# restarting a gateway whose database is down.
HEALTHCHECK --interval=10s --timeout=5s --start-period=10s --retries=3 CMD ["sluice", "check-health"]
ENTRYPOINT ["sluice"]
CMD ["serve"]
