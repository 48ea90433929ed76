export { type CommandName, call, type RequestOf, type ResponseOf } from "./call";
export { invalidateTags, queryClient } from "./client";
export { errorLook, errorText, isApiError, type Remedy, startupFaults, toApiError } from "./errors";
export { onEvent, startEvents, useLink } from "./events";
export { type ExportForm, useExportForms } from "./exports";
export { change, readKey, useChange, usePausedUntil, useRead } from "./hooks";
export { isOver, jobEnd, jobs, useJob, useJobs } from "./jobs";
export { isRecord, isStringList, keptSoFar, readKept, useKept, useToldOfKept, writeKept } from "./kept";
export {
  isBrowsable,
  isDatabase,
  isWritable,
  kindNames,
  ofClient,
  statusLights,
  systemNames,
} from "./lights";
export { operatorsFor, operatorWords, takesCount } from "./operators";
export { useIsDatabase } from "./systems";
export type * from "./types";
export { type Paged, usePages } from "./usePages";
