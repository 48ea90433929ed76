export { Connect } from "./Connect";
export { type ConnectionAct, ConnectionList } from "./ConnectionList";
export { ForgetDialog, forgottenWords, SignInDialog, UnlockDialog } from "./dialogs";
export { FirstRun } from "./FirstRun";
export { identityWords, statusSentence } from "./words";
