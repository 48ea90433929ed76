import {
  Menu,
  MenuButton,
  MenuItemRadio,
  MenuList,
  MenuPopover,
  MenuTrigger,
} from "@fluentui/react-components";
import { TagRegular } from "@fluentui/react-icons";
import type { Layout } from "./columns";

const ways = [
  { value: "labels", label: "Labels", title: "Labels are shown; codes on hover" },
  { value: "codes", label: "Codes and raw values", title: "Codes are shown; labels on hover" },
  { value: "both", label: "Labels and codes", title: "Labels are shown with their codes" },
] as const;

/** Labels, codes, or both. */
export function ValueMenu({ layout, onChange }: { layout: Layout; onChange: (layout: Layout) => void }) {
  const way = layout.both ? "both" : layout.formatted ? "labels" : "codes";
  return (
    <Menu
      checkedValues={{ way: [way] }}
      onCheckedValueChange={(_, { checkedItems }) => {
        const [chosen] = checkedItems;
        onChange({ ...layout, formatted: chosen !== "codes", both: chosen === "both" || undefined });
      }}
    >
      <MenuTrigger disableButtonEnhancement>
        <MenuButton
          size="small"
          appearance="subtle"
          icon={<TagRegular />}
          menuIcon={null}
          aria-label="How values are shown"
          title={ways.find(({ value }) => value === way)?.title}
        />
      </MenuTrigger>
      <MenuPopover>
        <MenuList>
          {ways.map(({ value, label }) => (
            <MenuItemRadio key={value} name="way" value={value}>
              {label}
            </MenuItemRadio>
          ))}
        </MenuList>
      </MenuPopover>
    </Menu>
  );
}
