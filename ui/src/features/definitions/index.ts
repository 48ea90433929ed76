export { DefinitionEditor } from "./DefinitionEditor";
export { DefinitionsList } from "./DefinitionsList";
export { NewDefinition } from "./NewDefinition";
export { isTwoWay } from "./TwoWay";
