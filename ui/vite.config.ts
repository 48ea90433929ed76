/// <reference types="vitest/config" />
import react from "@vitejs/plugin-react";
import { defineConfig } from "vite";

// During UI work the bridge serves the same commands over loopback HTTP: SYNCLINE_BRIDGE=http://127.0.0.1:4173 npm run dev
const bridge = process.env.SYNCLINE_BRIDGE ?? "http://127.0.0.1:7457";

export default defineConfig({
  plugins: [react()],
  resolve: { alias: { "@": new URL("./src", import.meta.url).pathname } },
  clearScreen: false,
  server: {
    host: "127.0.0.1",
    port: Number(process.env.SYNCLINE_UI_PORT ?? 1420),
    strictPort: true,
    proxy: { "/rpc": bridge, "/events": bridge },
  },
  preview: { host: "127.0.0.1", proxy: { "/rpc": bridge, "/events": bridge } },
  build: {
    target: ["chrome110", "safari16"],
    modulePreload: { polyfill: false },
    assetsInlineLimit: 0,
    chunkSizeWarningLimit: 1600,
  },
  test: {
    environment: "happy-dom",
    include: ["src/**/*.test.{ts,tsx}"],
    setupFiles: ["./tests/setup.ts"],
    restoreMocks: true,
  },
});
