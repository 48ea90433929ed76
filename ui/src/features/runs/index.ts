export type { StoryOf } from "./OutcomePanel";
export { RunCell } from "./outcome";
export { RunAll } from "./RunAll";
export { RunPage } from "./RunPage";
export { RunsList, RunTable } from "./RunsList";
export { Story } from "./Story";
