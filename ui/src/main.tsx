import { StrictMode } from "react";
import { createRoot } from "react-dom/client";
import "@/design/global.css";
import { App } from "@/routes/App";

const root = document.getElementById("root");
if (root) {
  createRoot(root).render(
    <StrictMode>
      <App />
    </StrictMode>,
  );
}
