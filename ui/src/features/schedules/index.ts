export { SchedulesView } from "./SchedulesView";
