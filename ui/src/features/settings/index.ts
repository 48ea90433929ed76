export { SettingsView, Shortcuts } from "./SettingsView";
