export { CodeDialog } from "./CodeDialog";
export { type Draft, draftKey, fetchOf, isDraft, newDraft } from "./draft";
export { FilterTree } from "./FilterTree";
export { Library } from "./Library";
export { QueryView } from "./QueryView";
export { RowCount } from "./RowCount";
export { parseTree } from "./tree";
