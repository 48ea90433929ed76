export { ChangesView } from "./ChangesView";
