import { StrictMode } from "react";
import { createRoot } from "react-dom/client";
import { Root } from "./shell/Root";
import "./styles/tokens.css";
import "./styles/base.css";
import "./styles/shell.css";
import "./styles/parts.css";
import "./styles/tables.css";
import "./styles/approval.css";
import "./styles/people.css";

const place = document.getElementById("root");
if (!place) {
  throw new Error("index.html has no element with the id root");
}
createRoot(place).render(
  <StrictMode>
    <Root />
  </StrictMode>,
);
