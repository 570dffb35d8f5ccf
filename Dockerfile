# docker build -t inference-gateway . && docker run -p 8080:8080 -e OPENAI_API_KEY --stop-timeout 40 inference-gateway

FROM node:20-slim AS install
WORKDIR /gateway
COPY package.json package-lock.json ./
COPY packages/gateway/package.json packages/gateway/
COPY packages/protocol/package.json packages/protocol/
# Bun goes to the path; its other names would be copied as files of 100 MB each.
RUN npm ci --omit=dev --no-audit --no-fund \
  && mv node_modules/bun/bin/bun.exe /usr/local/bin/bun \
  && rm -rf node_modules/bun node_modules/@oven node_modules/.bin

# The C library of the stage above, and nothing else that we need: Bun brings its own TLS roots.
FROM debian:bookworm-slim
WORKDIR /gateway
COPY --from=install /usr/local/bin/bun /usr/local/bin/bun
COPY --from=install /gateway/node_modules node_modules
COPY package.json openapi.yaml ./
COPY packages/gateway packages/gateway
COPY packages/protocol packages/protocol
COPY scripts/health-check.ts scripts/

ENV ENVIRONMENT=production
# Nothing is written, and no user is special: `--read-only` and any `--user` work.
USER 65532:65532
EXPOSE 8080
STOPSIGNAL SIGTERM
# A process of its own each time, so not more often than somebody looks.
HEALTHCHECK --interval=30s --timeout=3s --start-period=10s CMD ["bun", "--no-env-file", "scripts/health-check.ts"]
CMD ["bun", "--no-env-file", "--max-http-header-size=32768", "packages/gateway/src/main.ts"]
