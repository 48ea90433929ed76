export { SearchView } from "./SearchView";
