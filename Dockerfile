# One image for api, worker and migrate; the command says which. About 265 MB, 80 MB of them Node's own program.
#
# A tag may name another image tomorrow. For a build that can be repeated, give both by digest (docs/deploy.md):
#   docker build --build-arg NODE_IMAGE=node@sha256:... --build-arg DEBIAN_IMAGE=debian@sha256:... .
ARG NODE_IMAGE=node:24-bookworm-slim
ARG DEBIAN_IMAGE=debian:bookworm-slim

FROM ${NODE_IMAGE} AS node

# What runs in production, and of that only what Node reads.
FROM node AS dependencies
WORKDIR /app
COPY package.json package-lock.json .npmrc ./
# The optional packages are PostgreSQL for `npm start`. Install scripts would bring a second Node; nothing here needs one.
# Of pdfjs-dist, only the tables of encodings are read.
RUN npm ci --omit=dev --omit=optional --ignore-scripts --no-audit --no-fund \
  && find node_modules -type f \( -name '*.map' -o -name '*.md' -o -name '*.[cm]ts' -o -name '*.ts' \) -delete \
  && find node_modules/pdfjs-dist -mindepth 1 -maxdepth 1 ! -name cmaps ! -name package.json -exec rm -r {} + \
  && find node_modules -type d -empty -delete

# What browsers load, bundled.
FROM node AS bundles
WORKDIR /app
COPY package.json package-lock.json .npmrc tsconfig.json ./
RUN npm ci --ignore-scripts --no-audit --no-fund
COPY packages packages
COPY scripts scripts
COPY shared shared
COPY services services
RUN node services/widget/build.ts && node services/console/build.ts

# Without its symbols Node is a seventh smaller.
FROM node AS program
RUN apt-get update -qq \
  && apt-get install -y -qq --no-install-recommends binutils \
  && strip -o /node /usr/local/bin/node

FROM ${DEBIAN_IMAGE}
RUN useradd --uid 1000 --no-create-home --shell /usr/sbin/nologin node
COPY --from=program /node /usr/local/bin/node
ENV NODE_ENV=production
# Room for young objects: by itself Node takes 1 MB in a container of 512 MB, which costs a quarter more CPU.
ENV NODE_OPTIONS=--max-semi-space-size=16
WORKDIR /app
COPY --from=dependencies /app/node_modules node_modules
# What .dockerignore lets through: the services, what they share, migrations and assistants.
COPY . .
COPY --from=bundles /app/services/widget/dist services/widget/dist
COPY --from=bundles /app/services/console/dist services/console/dist
USER 1000:1000
EXPOSE 3000 3001 3003
# A worker has WORKER_PORT; an api must not. Whoever runs another command disables it.
HEALTHCHECK --interval=10s --timeout=3s --start-period=30s --retries=3 \
  CMD ["node", "-e", "fetch('http://127.0.0.1:' + (process.env.WORKER_PORT || process.env.PORT || 3000) + '/livez').then(({ ok }) => process.exit(ok ? 0 : 1), () => process.exit(1))"]
CMD ["node", "services/api/main.ts"]
