export { type CommandName, call, type RequestOf, type ResponseOf } from "./call";
export { invalidateTags, queryClient } from "./client";
export { errorLook, errorText, isApiError, type Remedy, startupFaults, toApiError } from "./errors";
export { onEvent, startEvents, useLink } from "./events";
export { change, readKey, useChange, useRead } from "./hooks";
export { isOver, jobEnd, jobs, useJob, useJobs } from "./jobs";
export type * from "./types";
