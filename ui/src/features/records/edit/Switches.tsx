import {
  Menu,
  MenuButton,
  MenuItemCheckbox,
  MenuList,
  MenuPopover,
  MenuTrigger,
} from "@fluentui/react-components";
import { OptionsRegular } from "@fluentui/react-icons";
import type { WriteSwitches } from "@/api";
import { counted } from "@/lib/numbers";
import styles from "./edit.module.css";

export type Switch = keyof WriteSwitches;

/** Switches of a write to Dataverse, all off at first. */
const switches: readonly { key: Switch; label: string; hint: string }[] = [
  {
    key: "bypass_plugins",
    label: "No synchronous plug-ins and workflows",
    hint: "needs the privilege prvBypassCustomPlugins",
  },
  {
    key: "bypass_logic",
    label: "No synchronous or asynchronous logic",
    hint: "needs the privilege prvBypassCustomBusinessLogic",
  },
  { key: "suppress_flows", label: "No Power Automate flows", hint: "none is started by this change" },
  { key: "detect_duplicates", label: "Look for duplicates", hint: "duplicate detection rules may refuse it" },
];

/** The switches as a request takes them; none where all are off. */
export function asRequest(on: readonly Switch[]): WriteSwitches | undefined {
  return on.length === 0 ? undefined : Object.fromEntries(on.map((key) => [key, true]));
}

/** What the service leaves out or does beside the write; how many are on is always in sight. */
export function Switches({ on, onChange }: { on: readonly Switch[]; onChange: (on: Switch[]) => void }) {
  return (
    <Menu
      positioning={{ autoSize: true, position: "above" }}
      checkedValues={{ switches: [...on] }}
      onCheckedValueChange={(_, { checkedItems }) =>
        onChange(switches.map(({ key }) => key).filter((key) => checkedItems.includes(key)))
      }
    >
      <MenuTrigger disableButtonEnhancement>
        <MenuButton
          size="small"
          appearance={on.length > 0 ? "outline" : "subtle"}
          icon={<OptionsRegular />}
          title="What the service leaves out, or does beside the write; all are off unless you choose them"
        >
          {on.length === 0 ? "Switches" : `${counted(on.length, "switch", "switches")} on`}
        </MenuButton>
      </MenuTrigger>
      <MenuPopover>
        <MenuList>
          {switches.map(({ key, label, hint }) => (
            <MenuItemCheckbox key={key} name="switches" value={key} persistOnClick>
              {label}
              <span className={styles.switchHint}>{hint}</span>
            </MenuItemCheckbox>
          ))}
        </MenuList>
      </MenuPopover>
    </Menu>
  );
}
