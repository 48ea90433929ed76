import { Button, Menu, MenuItem, MenuList, MenuPopover, MenuTrigger } from "@fluentui/react-components";
import { CopyRegular, MoreHorizontalRegular } from "@fluentui/react-icons";
import type { CopyForm } from "./copyRows";

/** What can be done with the rows in sight and the selected ones. */
export function MoreMenu({
  selected,
  onQuery,
  onCopy,
}: {
  selected: number;
  onQuery: ((as: "code" | "query") => void) | undefined;
  onCopy: (form: CopyForm) => void;
}) {
  return (
    <Menu positioning={{ autoSize: true }}>
      <MenuTrigger disableButtonEnhancement>
        <Button
          size="small"
          appearance="subtle"
          icon={<MoreHorizontalRegular />}
          aria-label="More for the selection"
        />
      </MenuTrigger>
      <MenuPopover>
        <MenuList>
          {onQuery ? (
            <>
              <MenuItem onClick={() => onQuery("query")}>Open as a query</MenuItem>
              <MenuItem onClick={() => onQuery("code")}>FetchXML, OData and curl…</MenuItem>
            </>
          ) : null}
          <MenuItem icon={<CopyRegular />} disabled={selected === 0} onClick={() => onCopy("cells")}>
            Copy selected rows
          </MenuItem>
          <MenuItem disabled={selected === 0} onClick={() => onCopy("headers")}>
            Copy with headers
          </MenuItem>
          <MenuItem disabled={selected === 0} onClick={() => onCopy("json")}>
            Copy as JSON
          </MenuItem>
        </MenuList>
      </MenuPopover>
    </Menu>
  );
}
