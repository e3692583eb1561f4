# Two stages: Swift builds one binary with its standard library inside; Debian runs it.

FROM swift:6.3-bookworm AS build
RUN apt-get update \
    && apt-get install -y --no-install-recommends libhiredis-dev libssl-dev zlib1g-dev \
    && rm -rf /var/lib/apt/lists/*
WORKDIR /build
COPY Package.swift ./
COPY Examples/stint-client ./Examples/stint-client
COPY Sources ./Sources
COPY Tests ./Tests
RUN swift build -c release --product stint --static-swift-stdlib -Xswiftc -enforce-exclusivity=unchecked \
    && cp "$(swift build -c release --show-bin-path)/stint" /build/stint

FROM debian:bookworm-slim
# A service is not started inside an image, so redis-server is only a program here: Stint starts its
# own.
RUN apt-get update \
    && apt-get install -y --no-install-recommends ca-certificates libhiredis0.14 libssl3 libstdc++6 redis-server zlib1g \
    && rm -rf /var/lib/apt/lists/* \
    && useradd --system --uid 7400 --user-group --no-create-home stint \
    && install -d -o stint -g stint -m 0700 /data
COPY --from=build /build/stint /usr/local/bin/stint
COPY --chmod=755 deploy/container/entry.sh /usr/local/bin/stint-entry
USER stint
VOLUME /data
# Where -p reaches them. Only those with a token are let in: the entry makes two at the first start.
ENV STINT_DATA_DIR=/data STINT_RUNNER_ADDRESS=0.0.0.0:7400 STINT_ADMIN_ADDRESS=0.0.0.0:7401
EXPOSE 7400 7401
HEALTHCHECK --interval=10s --timeout=3s --start-period=5s --retries=3 CMD ["stint", "health"]
ENTRYPOINT ["stint-entry"]
CMD ["serve"]
