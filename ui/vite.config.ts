/// <reference types="vitest/config" />
import react from "@vitejs/plugin-react";
import { defineConfig } from "vite";

// During UI work the bridge serves the same commands over loopback HTTP: SYNCLINE_BRIDGE_URL=http://127.0.0.1:4173 npm run dev
const bridge = process.env.SYNCLINE_BRIDGE_URL ?? "http://127.0.0.1:7457";

// The bridge answers only to its own name, so the proxy speaks under that.
const proxy = Object.fromEntries(
  ["/rpc", "/events", "/bridge.json"].map((path) => [path, { target: bridge, changeOrigin: true }]),
);

export default defineConfig({
  plugins: [react()],
  resolve: { alias: { "@": new URL("./src", import.meta.url).pathname } },
  clearScreen: false,
  server: {
    host: "localhost",
    port: Number(process.env.SYNCLINE_UI_PORT ?? 5173),
    strictPort: true,
    proxy,
  },
  preview: { host: "127.0.0.1", proxy },
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
