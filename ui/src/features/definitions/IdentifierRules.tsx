import { Dropdown, Input, Option } from "@fluentui/react-components";
import type { IdentifierCheck, IdentifierMapping } from "@/api";
import { useParts } from "./context";

const checks: readonly { value: IdentifierCheck; label: string }[] = [
  { value: "email", label: "an e-mail address" },
  { value: "phone", label: "a phone number" },
  { value: "uuid", label: "a UUID" },
];

/** What the values of an identifier must be: a kind where it has no rule of its own, and a pattern. */
export function IdentifierRules({
  identifier,
  onChange,
}: {
  identifier: IdentifierMapping;
  onChange: (part: Partial<IdentifierMapping>, key?: string) => void;
}) {
  const { destinationConnection } = useParts();
  const own =
    destinationConnection?.system === "insider" && ["email", "phone_number"].includes(identifier.to);
  const label = checks.find(({ value }) => value === identifier.check)?.label;
  return (
    <>
      {own && identifier.check === undefined ? null : (
        <Dropdown
          size="small"
          style={{ minWidth: 130 }}
          aria-label={`What ${identifier.to || "the identifier"} must be`}
          value={label ?? "any value"}
          selectedOptions={[identifier.check ?? ""]}
          onOptionSelect={(_, { optionValue }) =>
            onChange({ check: checks.find(({ value }) => value === optionValue)?.value })
          }
        >
          <Option value="">any value</Option>
          {checks.map((check) => (
            <Option key={check.value} value={check.value}>
              {check.label}
            </Option>
          ))}
        </Dropdown>
      )}
      <Input
        size="small"
        style={{ flex: "1 1 90px", maxWidth: 150, width: 90, fontFamily: "var(--fontFamilyMonospace)" }}
        aria-label={`Pattern of ${identifier.to || "the identifier"}`}
        title="A regular expression that the whole value must fit, such as [A-Z]{2}-[0-9]{4}"
        placeholder="pattern"
        value={identifier.pattern ?? ""}
        onChange={(_, { value }) => onChange({ pattern: value === "" ? undefined : value }, "pattern")}
      />
    </>
  );
}
