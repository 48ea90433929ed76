export { CodeDialog } from "./CodeDialog";
export { type Draft, draftKey, fetchOf, isDraft, newDraft } from "./draft";
export { FilterBuilder } from "./FilterBuilder";
export { Library } from "./Library";
export { QueryView } from "./QueryView";
export { RowCount } from "./RowCount";
