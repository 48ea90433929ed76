import { Field } from "@fluentui/react-components";
import { connectionColours } from "@/lib/colours";
import styles from "./connections.module.css";

/** The connection's colour, by which its window is known. None chosen: one is made from the name. */
export function ColourPicker({ value, onChange }: { value: string; onChange: (value: string) => void }) {
  return (
    <Field label="Colour" hint={value === "" ? "Chosen from the name" : undefined}>
      <div className={styles.swatches} role="radiogroup" aria-label="Colour">
        {connectionColours.map((colour) => (
          <button
            key={colour.value}
            type="button"
            role="radio"
            aria-checked={value.toLowerCase() === colour.value}
            aria-label={colour.name}
            title={colour.name}
            className={styles.swatch}
            style={{ background: colour.value }}
            onClick={() => onChange(colour.value)}
          />
        ))}
      </div>
    </Field>
  );
}
