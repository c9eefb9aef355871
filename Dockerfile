# One image for all of our services; docker-compose.yml says which of them a container runs.
FROM oven/bun:1.4.5 AS packages
WORKDIR /app
COPY package.json bun.lock bunfig.toml ./
COPY patches ./patches
RUN bun install --frozen-lockfile --production

FROM oven/bun:1.4.5
WORKDIR /app
ENV NODE_ENV=production \
    HOST=0.0.0.0
COPY --from=packages /app/node_modules ./node_modules
COPY . .
# Copied from a tree of umask 077 nothing could be read by the user below. The dashboard's assets: its container may not write.
RUN find . -path ./node_modules -prune -o -exec chmod a+rX {} + && bun dashboard/assets/manifest.ts && chmod -R a+rX dist
# What is written at run time: volumes take their owner from here.
RUN mkdir -p /app/data /transform && chown bun:bun /app/data /transform
USER bun
EXPOSE 5001
HEALTHCHECK --interval=10s --timeout=3s --start-period=20s --retries=3 CMD ["bun", "deploy/healthy.ts"]
CMD ["bun", "dashboard/main.ts"]
