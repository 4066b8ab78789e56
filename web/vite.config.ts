import { defineConfig } from "vitest/config";

export default defineConfig({
  // The server replaces the placeholder with a fresh nonce in every answer.
  html: { cspNonce: "__CSP_NONCE__" },
  build: {
    outDir: "dist",
    // Assets stay files: the policy allows no data: URLs, and the one bundle needs no preloading.
    assetsInlineLimit: 0,
    modulePreload: false,
    rolldownOptions: {
      onLog(level, log, report) {
        // Libraries mark their client parts for server rendering, which there is none of here.
        if (log.code !== "MODULE_LEVEL_DIRECTIVE") {
          report(level, log);
        }
      },
    },
  },
  server: {
    host: "127.0.0.1",
    proxy: { "/api": "http://127.0.0.1:8600" },
  },
  test: {
    environment: "jsdom",
    include: ["test/**/*.test.{ts,tsx}"],
    setupFiles: ["test/setup.ts"],
    env: { TZ: "UTC" },
  },
});
