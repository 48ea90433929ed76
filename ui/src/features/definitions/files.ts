import { call, change, type SyncDefinition } from "@/api";
import { host } from "@/host";
import { copyOf, toJson } from "./model";

/** Saves a copy under a free name and tells the name. */
export async function duplicateDefinition(definition: SyncDefinition): Promise<string> {
  const all = await call("definitions.list", {});
  const copy = copyOf(
    definition,
    all.map(({ name }) => name),
  );
  return (await change("definitions.save", { json: toJson(copy) })).name;
}

/** Hands the text over as a file. */
export function exportDefinition(name: string, json: string): void {
  const link = document.createElement("a");
  link.href = URL.createObjectURL(new Blob([json], { type: "application/json" }));
  link.download = `${name.replaceAll(/[^\p{L}\p{N}\-_. ]/gu, "_")}.sync.json`;
  link.click();
  URL.revokeObjectURL(link.href);
}

/** The text of a definition's file that a person chooses. */
export async function openDefinitionFile(): Promise<string | null> {
  const file = await host.openTextDialog({ title: "Import a definition", extensions: ["json"] });
  return file?.text ?? null;
}

/** Keeps a definition from a file; what does not fit here is saved with it, and the editor lists it. */
export async function importDefinition(json: string): Promise<string> {
  return (await change("definitions.save", { json })).name;
}
