# Two stages: Swift builds one binary with its standard library inside; Debian runs it.

FROM swift:6.3-bookworm AS build
RUN apt-get update \
    && apt-get install -y --no-install-recommends libhiredis-dev zlib1g-dev \
    && rm -rf /var/lib/apt/lists/*
WORKDIR /build
COPY Package.swift ./
COPY Examples/quota-client ./Examples/quota-client
COPY Sources ./Sources
COPY Tests ./Tests
RUN swift build -c release --product stint --static-swift-stdlib -Xswiftc -enforce-exclusivity=unchecked \
    && cp "$(swift build -c release --show-bin-path)/stint" /build/stint

FROM debian:bookworm-slim
# A service is not started inside an image, so redis-server is only a program here: Stint starts its own.
RUN apt-get update \
    && apt-get install -y --no-install-recommends ca-certificates curl libhiredis0.14 libstdc++6 redis-server zlib1g \
    && rm -rf /var/lib/apt/lists/* \
    && useradd --system --user-group --no-create-home stint \
    && install -d -o stint -g stint -m 0700 /data
COPY --from=build /build/stint /usr/local/bin/stint
USER stint
VOLUME /data
ENV STINT_DATA_DIR=/data
EXPOSE 7400 7401
HEALTHCHECK --interval=10s --timeout=2s --start-period=5s --retries=3 \
    CMD ["curl", "--silent", "--fail", "--output", "/dev/null", "http://127.0.0.1:7401/livez"]
ENTRYPOINT ["stint"]
CMD ["serve"]
