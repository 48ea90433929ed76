import { ColumnsPart } from "./ColumnsPart";
import { DestinationPart } from "./DestinationPart";
import { EventsPart } from "./EventsPart";
import { FieldsPart } from "./FieldsPart";
import { FilterPart } from "./FilterPart";
import { FixedPart } from "./FixedPart";
import { IdentifyPart } from "./IdentifyPart";
import { SchedulePart } from "./SchedulePart";
import { SettingsPart } from "./SettingsPart";
import { SourcePart } from "./SourcePart";
import type { SectionId } from "./sections";

/** One part of the editor by its name. */
export function SectionBody({ id }: { id: SectionId }) {
  switch (id) {
    case "source":
      return <SourcePart />;
    case "destination":
      return <DestinationPart />;
    case "columns":
      return <ColumnsPart />;
    case "filter":
      return <FilterPart />;
    case "identifiers":
      return <IdentifyPart />;
    case "fields":
      return <FieldsPart />;
    case "fixed":
      return <FixedPart />;
    case "events":
      return <EventsPart />;
    case "schedule":
      return <SchedulePart />;
    case "settings":
      return <SettingsPart />;
  }
}
