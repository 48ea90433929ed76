import styles from "./connections.module.css";

/** One of a few, each with a line of when to choose it. */
export function ChoiceCards<T extends string>({
  name,
  value,
  options,
  onChange,
}: {
  name: string;
  value: T;
  options: readonly { value: T; title: string; text: string }[];
  onChange: (value: T) => void;
}) {
  return (
    <div className={styles.cards}>
      {options.map((option) => (
        <label key={option.value} className={styles.choice}>
          <input
            type="radio"
            name={name}
            value={option.value}
            checked={option.value === value}
            onChange={() => onChange(option.value)}
          />
          <b>{option.title}</b>
          <span>{option.text}</span>
        </label>
      ))}
    </div>
  );
}
