export { AtMost } from "./AtMost";
export { CronPicker, NextTimes } from "./CronPicker";
export { SchedulesView } from "./SchedulesView";
