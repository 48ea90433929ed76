import type { OptionOnSelectData } from "@fluentui/react-components";

/**
 * For a Combobox one types in. Fluent reports "no option" as soon as the typed text is the beginning of none of them; that is no
 * choice, and the text stays.
 */
export const whenChosen =
  (take: (value: string, text: string) => void) =>
  (_: unknown, { optionValue, optionText }: OptionOnSelectData) => {
    if (optionValue !== undefined) take(optionValue, optionText ?? optionValue);
  };
