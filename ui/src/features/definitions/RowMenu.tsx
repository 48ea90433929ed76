import {
  Button,
  Menu,
  MenuDivider,
  MenuItem,
  MenuList,
  MenuPopover,
  MenuTrigger,
} from "@fluentui/react-components";
import { MoreHorizontalRegular } from "@fluentui/react-icons";
import { useState } from "react";
import { type ApiError, change, type DefinitionView, toApiError } from "@/api";
import { Confirm } from "@/design";
import { CompareDialog } from "./CompareDialog";
import { duplicateDefinition, exportDefinition } from "./files";
import { toJson } from "./model";

/** What can be done with a definition from the list. */
export function RowMenu({
  one,
  describedBy,
  onOpen,
  onError,
}: {
  one: DefinitionView;
  /** Id of the element that says its name. */
  describedBy: string;
  onOpen: (name: string) => void;
  onError: (error: ApiError) => void;
}) {
  const [dialog, setDialog] = useState<"compare" | "delete" | null>(null);
  async function duplicate() {
    try {
      onOpen(await duplicateDefinition(one.definition));
    } catch (fault) {
      onError(toApiError(fault));
    }
  }
  return (
    <>
      <Menu positioning={{ autoSize: true }}>
        <MenuTrigger disableButtonEnhancement>
          <Button
            size="small"
            appearance="subtle"
            icon={<MoreHorizontalRegular />}
            aria-label="More actions"
            aria-describedby={describedBy}
          />
        </MenuTrigger>
        <MenuPopover>
          <MenuList>
            <MenuItem onClick={() => setDialog("compare")}>Compare…</MenuItem>
            <MenuItem onClick={() => void duplicate()}>Duplicate</MenuItem>
            <MenuItem onClick={() => exportDefinition(one.name, toJson(one.definition))}>
              Export as a file
            </MenuItem>
            <MenuDivider />
            <MenuItem onClick={() => setDialog("delete")}>Delete…</MenuItem>
          </MenuList>
        </MenuPopover>
      </Menu>
      {dialog === "compare" ? <CompareDialog mine={one} onClose={() => setDialog(null)} /> : null}
      <Confirm
        open={dialog === "delete"}
        danger
        onClose={() => setDialog(null)}
        title={`Delete “${one.name}”?`}
        action="Delete"
        toFault={toApiError}
        onConfirm={async () => {
          await change("definitions.delete", { name: one.name });
        }}
      >
        The definition is removed from this computer. Its previews and runs stay in the history.
      </Confirm>
    </>
  );
}
