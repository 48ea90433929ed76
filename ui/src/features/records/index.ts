export type { Written } from "./edit/useRecordEdit";
export { Inspector } from "./Inspector";
export type { Crumb } from "./RecordFields";
export { RecordsView } from "./RecordsView";
