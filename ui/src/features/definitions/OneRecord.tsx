import { Field, Input } from "@fluentui/react-components";
import { useState } from "react";
import { Confirm } from "@/design";

/** Asks for the record that is to be previewed by itself. */
export function OneRecord({
  entity,
  onClose,
  onPreview,
}: {
  entity: string;
  onClose: () => void;
  onPreview: (id: string) => void;
}) {
  const [id, setId] = useState("");
  return (
    <Confirm
      open
      onClose={onClose}
      title="Preview one record"
      action="Preview it"
      disabled={id.trim() === ""}
      onConfirm={() => onPreview(id.trim())}
    >
      <Field
        label={entity === "" ? "Id of the record" : `Id of the ${entity}`}
        hint="It goes the whole way: read, mapped, compared. Then it can be sent by itself, and the service's answer is shown. Each of the ten records has a button for it, too."
      >
        <Input
          value={id}
          placeholder="2f1c7a3e-0000-0000-0000-000000000001"
          onChange={(_, { value }) => setId(value)}
        />
      </Field>
    </Confirm>
  );
}
