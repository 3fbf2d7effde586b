# One image for api, worker and migrate; the command says which.
FROM node:24-slim AS dependencies
WORKDIR /app
COPY package.json package-lock.json .npmrc ./
# The optional packages are PostgreSQL for `npm start`. Install scripts would bring a second Node; nothing here needs one.
RUN npm ci --omit=dev --omit=optional --ignore-scripts --no-audit --no-fund

FROM node:24-slim
ENV NODE_ENV=production
WORKDIR /app
COPY --from=dependencies /app/node_modules node_modules
# What .dockerignore lets through: the services, what they share, migrations and assistants.
COPY . .
USER node
EXPOSE 3000
# For the api; whoever runs another command disables it.
HEALTHCHECK --interval=10s --timeout=3s --start-period=30s --retries=3 \
  CMD ["node", "-e", "fetch('http://127.0.0.1:' + (process.env.PORT || 3000) + '/livez').then(({ ok }) => process.exit(ok ? 0 : 1), () => process.exit(1))"]
CMD ["node", "services/api/main.ts"]
