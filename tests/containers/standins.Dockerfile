# Stand-ins for the images of a registry, for machines that reach package registries only: the same
# programs, users and paths, in the versions that Debian has. tests/containers/standins.py builds them.
FROM debian:bookworm-slim AS installer
ENV DEBIAN_FRONTEND=noninteractive

FROM installer AS python
RUN apt-get update && apt-get install -y --no-install-recommends python3 python3-venv && rm -rf /var/lib/apt/lists/*
RUN ln -s /usr/bin/python3 /usr/local/bin/python && ln -s /usr/bin/python3 /usr/local/bin/python3
CMD ["python3"]

# The context is a Go installation.
FROM installer AS golang
RUN apt-get update && apt-get install -y --no-install-recommends git && rm -rf /var/lib/apt/lists/*
COPY . /usr/local/go
ENV GOPATH=/go GOTOOLCHAIN=local PATH=/go/bin:/usr/local/go/bin:/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin
WORKDIR /go

FROM installer AS nginx
RUN groupadd --gid 101 nginx && useradd --uid 101 --gid 101 --system --no-create-home nginx
RUN apt-get update && apt-get install -y --no-install-recommends nginx-light wget && rm -rf /var/lib/apt/lists/*
USER 101
STOPSIGNAL SIGQUIT
CMD ["nginx", "-g", "daemon off;"]

# The context is a folder with the server.
FROM installer AS valkey
RUN groupadd --gid 1000 valkey && useradd --uid 999 --gid 1000 --system valkey
RUN apt-get update && apt-get install -y --no-install-recommends redis-tools && rm -rf /var/lib/apt/lists/*
RUN ln -s /usr/bin/redis-cli /usr/local/bin/valkey-cli && install -d -o 999 -g 1000 /data
COPY valkey-server /usr/local/bin/valkey-server
VOLUME /data
WORKDIR /data
CMD ["valkey-server"]
