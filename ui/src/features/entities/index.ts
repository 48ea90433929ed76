export { EntityList } from "./EntityList";
export { Schema } from "./Schema";
