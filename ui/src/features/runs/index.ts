export { RunCell } from "./outcome";
export { RunPage } from "./RunPage";
export { RunsList, RunTable } from "./RunsList";
