export { type Crumb, Inspector } from "./Inspector";
export { RecordsView } from "./RecordsView";
