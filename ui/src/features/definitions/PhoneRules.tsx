import { Checkbox, Field, Input } from "@fluentui/react-components";
import { useParts } from "./context";
import styles from "./definitions.module.css";

/** How phone numbers are written, of identifiers and of fields marked as phone. */
export function PhoneRules() {
  const { editor } = useParts();
  const { definition, edit } = editor;
  const { phone } = definition;
  return (
    <Field label="Phone numbers" data-path="phone">
      <div className={styles.lineRow} role="group" aria-label="Phone numbers">
        <Checkbox
          checked={phone?.international === true}
          label="To international form (E.164)"
          onChange={(_, { checked }) =>
            edit((old) => ({ ...old, phone: checked ? { ...old.phone, international: true } : undefined }))
          }
        />
        {phone ? (
          <Input
            size="small"
            style={{ width: 150 }}
            aria-label="Dial code where none is written"
            title="Digits only, such as 90"
            placeholder="dial code, such as 90"
            contentBefore="+"
            value={phone.country_code ?? ""}
            onChange={(_, { value }) =>
              edit(
                (old) => ({
                  ...old,
                  phone: {
                    international: true,
                    ...old.phone,
                    country_code: value === "" ? undefined : value.replace(/^\+/, ""),
                  },
                }),
                "country",
              )
            }
          />
        ) : null}
      </div>
    </Field>
  );
}
