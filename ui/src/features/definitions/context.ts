import { type ComponentType, createContext, useContext } from "react";
import type { ApiError, Column, ConnectionView, DestinationDescription, EntitySchema } from "@/api";
import type { Editor } from "./useEditor";

/** The filter builder of the query place; routes hand it in. */
export type FilterBuilderType = ComponentType<{
  connection: string;
  entity: string;
  schema: EntitySchema | undefined;
  filter: string;
  onFilter: (filter: string | undefined) => void;
  sound: boolean;
}>;

/** The picker of times of the schedules' place; routes hand it in. */
export type SchedulePickerType = ComponentType<{ cron: string; onChange: (cron: string) => void }>;

/** The field of the schedules' place for the most records a run by itself may write; routes hand it in. */
export type AtMostType = ComponentType<{
  value: number | undefined;
  onChange: (value: number | undefined) => void;
}>;

/** What every part of the editor knows. */
export interface EditorParts {
  editor: Editor;
  connections: readonly ConnectionView[];
  /** Entity that is read, of a list too; empty while none is chosen. */
  entity: string;
  schema: EntitySchema | undefined;
  columns: readonly Column[];
  destination: DestinationDescription | undefined;
  destinationConnection: ConnectionView | undefined;
  /** One part at a time, with words on what it is for. */
  guided: boolean;
  FilterBuilder: FilterBuilderType;
  SchedulePicker: SchedulePickerType;
  AtMost: AtMostType;
  onError: (error: ApiError | null) => void;
  /** Leads to the place of a path such as `fields[2].from`. */
  reveal: (path: string) => void;
  /** Previews one record by itself, the whole way. */
  previewOne: (id: string) => void;
}

export const EditorContext = createContext<EditorParts | null>(null);

export function useParts(): EditorParts {
  const parts = useContext(EditorContext);
  if (!parts) throw new Error("a part of the editor stands outside of it");
  return parts;
}
