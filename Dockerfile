# The gateway as an image: Node, the compiled server and its production packages, run by a user without rights.
# The base is pinned by tag and by the digest of its index for all architectures; change both together. See docs/hosting.md.

FROM node:24.21.0-bookworm-slim@sha256:0e0ff40c39bc087845bfb27465a0df4ea419520094bc35842ff83dd8cbe6f9b6 AS build
WORKDIR /build
COPY package.json package-lock.json .npmrc ./
COPY sdk/typescript/package.json ./sdk/typescript/
RUN npm ci --ignore-scripts
# What may come in is listed in .dockerignore.
COPY . .
RUN npm run build && npm prune --omit=dev --ignore-scripts

FROM node:24.21.0-bookworm-slim@sha256:0e0ff40c39bc087845bfb27465a0df4ea419520094bc35842ff83dd8cbe6f9b6
LABEL org.opencontainers.image.title="VAI Gateway" \
      org.opencontainers.image.licenses="Apache-2.0"
# On an address that others reach the gateway does not start without gateway keys, unless it is told to.
ENV NODE_ENV=production \
    VAI_HOST=0.0.0.0
WORKDIR /app
COPY --from=build /build/package.json /build/openapi.yaml /build/LICENSE ./
COPY --from=build /build/node_modules ./node_modules
# A package of its own, to which node_modules links.
COPY --from=build /build/sdk/typescript/package.json ./sdk/typescript/
COPY --from=build /build/sdk/typescript/dist ./sdk/typescript/dist
COPY --from=build /build/dist ./dist
# The image's user `node`, by its number, so that an orchestrator sees that it is not root.
USER 1000:1000
EXPOSE 8080
HEALTHCHECK --interval=15s --timeout=5s --start-period=15s --retries=3 \
  CMD ["node", "--eval", "fetch(`http://127.0.0.1:${process.env.VAI_PORT || 8080}/healthz`).then(({ ok }) => process.exit(ok ? 0 : 1), () => process.exit(1))"]
# Node takes the signals itself; neither a shell nor an init is needed.
ENTRYPOINT ["node", "dist/server.js"]
CMD ["serve"]
