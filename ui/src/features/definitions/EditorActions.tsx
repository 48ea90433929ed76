import {
  Button,
  Menu,
  MenuDivider,
  MenuItem,
  MenuList,
  MenuPopover,
  MenuTrigger,
} from "@fluentui/react-components";
import {
  ArrowRedoRegular,
  ArrowUndoRegular,
  MoreHorizontalRegular,
  PlayRegular,
  SaveRegular,
} from "@fluentui/react-icons";
import { Segmented, useCopy } from "@/design";
import { useParts } from "./context";
import { Status } from "./editorHead";

export type Way = "guided" | "page";

/** What can be done with the definition as a whole. */
export function EditorActions({
  way,
  onWay,
  previewing,
  onPreview,
  onPreviewOne,
  onExport,
  onCompare,
  onDuplicate,
  onDelete,
}: {
  way: Way;
  onWay: (way: Way) => void;
  /** Words while a preview is made. */
  previewing: string | null;
  onPreview: () => void;
  /** Asks for a record that is previewed by itself. */
  onPreviewOne: () => void;
  onExport: () => void;
  onCompare: () => void;
  onDuplicate: () => void;
  onDelete: () => void;
}) {
  const { editor } = useParts();
  const [copied, copy] = useCopy();
  return (
    <>
      <Status editor={editor} />
      <Segmented
        label="How it is edited"
        value={way}
        onChange={onWay}
        options={[
          { value: "guided", label: "Guided" },
          { value: "page", label: "One page" },
        ]}
      />
      <Button
        size="small"
        appearance="subtle"
        icon={<ArrowUndoRegular />}
        aria-label="Undo"
        title="Undo (Ctrl+Z)"
        disabled={!editor.canUndo}
        onClick={editor.undo}
      />
      <Button
        size="small"
        appearance="subtle"
        icon={<ArrowRedoRegular />}
        aria-label="Redo"
        title="Redo (Ctrl+Shift+Z)"
        disabled={!editor.canRedo}
        onClick={editor.redo}
      />
      {editor.live || editor.saveState === "failed" || editor.saveState === "unsaved" ? (
        <Button
          size="small"
          icon={<SaveRegular />}
          disabled={editor.saveState === "saved" || editor.saveState === "saving" || editor.unreadable}
          title="Save (Ctrl+S)"
          onClick={() => void editor.save()}
        >
          Save
        </Button>
      ) : null}
      <Menu positioning={{ autoSize: true }}>
        <MenuTrigger disableButtonEnhancement>
          <Button
            size="small"
            appearance="subtle"
            icon={<MoreHorizontalRegular />}
            aria-label="More for this definition"
          />
        </MenuTrigger>
        <MenuPopover>
          <MenuList>
            <MenuItem
              disabled={previewing !== null || editor.problems.length > 0 || editor.unreadable}
              onClick={onPreviewOne}
            >
              Preview one record…
            </MenuItem>
            <MenuItem onClick={onCompare}>Compare…</MenuItem>
            <MenuItem onClick={onDuplicate}>Duplicate</MenuItem>
            <MenuItem onClick={onExport}>Export as a file</MenuItem>
            <MenuItem onClick={() => copy(editor.json)}>{copied ? "Copied" : "Copy the JSON"}</MenuItem>
            <MenuItem disabled={editor.json === editor.savedJson} onClick={editor.revert}>
              Take the saved one again
            </MenuItem>
            <MenuDivider />
            <MenuItem onClick={onDelete}>Delete…</MenuItem>
          </MenuList>
        </MenuPopover>
      </Menu>
      <Button
        appearance="primary"
        size="small"
        icon={<PlayRegular />}
        disabled={previewing !== null || editor.problems.length > 0 || editor.unreadable}
        title="See what would happen to each record (Ctrl+Enter)"
        onClick={onPreview}
      >
        {previewing ?? "Preview"}
      </Button>
    </>
  );
}
