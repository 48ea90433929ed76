export type { Written } from "./edit/useRecordEdit";
export { Inspector } from "./Inspector";
export { PullManyDialog } from "./PullManyDialog";
export type { Crumb } from "./RecordFields";
export { RecordsView } from "./RecordsView";
export { MarksDialog } from "./Watermark";
