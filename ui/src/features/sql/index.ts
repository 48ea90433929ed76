export { SqlView } from "./SqlView";
