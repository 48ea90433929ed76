export { AccessNotice } from "./AccessNotice";
export { type ChosenEntity, EntityList } from "./EntityList";
export { Schema } from "./Schema";
