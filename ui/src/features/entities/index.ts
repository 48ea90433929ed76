export { AccessNotice } from "./AccessNotice";
export { EntityList } from "./EntityList";
export { Schema } from "./Schema";
