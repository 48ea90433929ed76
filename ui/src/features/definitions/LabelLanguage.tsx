import { Dropdown, Field, Option } from "@fluentui/react-components";
import { useRead } from "@/api";
import { useParts } from "./context";

/** The language in which labels are sent, of those the environment has labels in. */
export function LabelLanguage() {
  const { editor, entity } = useParts();
  const { definition, edit } = editor;
  const { connection } = definition.source;
  const languages = useRead(
    "definitions.languages",
    { connection, entity },
    { enabled: connection !== "" && entity !== "" },
  );
  const chosen = definition.label_language;
  const found = languages.data?.find(({ language }) => language === chosen);
  return (
    <Field
      label="Language of labels"
      data-path="label_language"
      hint={
        found && found.labels < found.choices
          ? `${found.labels} of ${found.choices} choices have a label in it`
          : undefined
      }
    >
      <Dropdown
        size="small"
        value={chosen === undefined ? "The signed-in user's" : (found?.name ?? String(chosen))}
        selectedOptions={[chosen === undefined ? "" : String(chosen)]}
        onOptionSelect={(_, { optionValue }) =>
          edit((old) => ({ ...old, label_language: optionValue ? Number(optionValue) : undefined }))
        }
      >
        <Option value="">The signed-in user's</Option>
        {(languages.data ?? []).map(({ language, name }) => (
          <Option key={language} value={String(language)}>
            {name}
          </Option>
        ))}
      </Dropdown>
    </Field>
  );
}
