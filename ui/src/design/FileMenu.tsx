import {
  Menu,
  MenuButton,
  MenuDivider,
  MenuGroup,
  MenuGroupHeader,
  MenuItem,
  MenuItemRadio,
  MenuList,
  MenuPopover,
  MenuTrigger,
} from "@fluentui/react-components";
import { ArrowDownloadRegular } from "@fluentui/react-icons";
import type { ReactNode } from "react";
import { host } from "@/host";
import { fileName } from "@/lib/fileNames";

export interface FileForm {
  /** Words of the menu's line; they tell the forms apart. */
  label: string;
  /** Without the dot. */
  extension: string;
}

/** A choice that stays with the menu: one of several ways to write. */
export interface FileChoice {
  name: string;
  label: string;
  value: string;
  options: readonly { value: string; label: string }[];
  onChange: (value: string) => void;
}

/** Asks for a form and a file, then has it written. */
export function FileMenu<F extends FileForm>({
  forms,
  choices = [],
  name,
  title,
  hint,
  words = "Export",
  disabled,
  onWrite,
  onError,
}: {
  forms: readonly F[];
  choices?: readonly FileChoice[];
  /** What the file is called before its extension, until the person says otherwise. */
  name: string;
  /** Title of the dialog that asks for the file. */
  title: string;
  hint: string;
  words?: ReactNode;
  disabled?: boolean;
  onWrite: (form: F, path: string) => Promise<unknown>;
  onError: (error: unknown) => void;
}) {
  async function write(form: F) {
    try {
      const path = await host.saveDialog({
        title,
        defaultName: fileName(name, form.extension),
        extensions: [form.extension],
      });
      if (path) await onWrite(form, path);
    } catch (error) {
      onError(error);
    }
  }
  return (
    <Menu
      positioning={{ autoSize: true }}
      checkedValues={Object.fromEntries(choices.map((choice) => [choice.name, [choice.value]]))}
      onCheckedValueChange={(_, { name: changed, checkedItems }) => {
        const [value] = checkedItems;
        if (value !== undefined) choices.find((choice) => choice.name === changed)?.onChange(value);
      }}
    >
      <MenuTrigger disableButtonEnhancement>
        <MenuButton
          size="small"
          appearance="subtle"
          icon={<ArrowDownloadRegular />}
          disabled={disabled}
          title={hint}
        >
          {words}
        </MenuButton>
      </MenuTrigger>
      <MenuPopover>
        <MenuList>
          {forms.map((form) => (
            <MenuItem key={form.label} onClick={() => void write(form)}>
              {form.label}
            </MenuItem>
          ))}
          {choices.map((choice) => (
            <MenuGroup key={choice.name}>
              <MenuDivider />
              <MenuGroupHeader>{choice.label}</MenuGroupHeader>
              {choice.options.map((option) => (
                <MenuItemRadio key={option.value} name={choice.name} value={option.value} persistOnClick>
                  {option.label}
                </MenuItemRadio>
              ))}
            </MenuGroup>
          ))}
        </MenuList>
      </MenuPopover>
    </Menu>
  );
}
