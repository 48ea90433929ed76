//! The one window: shown when its page stands, its place remembered, not closed over running work unasked.

use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use tauri::webview::{PageLoadEvent, PageLoadPayload};
use tauri::{AppHandle, Manager, Runtime, Webview, Window, WindowEvent, async_runtime};
use tauri_plugin_dialog::{DialogExt, MessageDialogButtons, MessageDialogKind, MessageDialogResult};
use tauri_plugin_window_state::StateFlags;

use crate::away;
use crate::shell::Shell;

/// The window's label, as in the capability that serves it.
pub(crate) const LABEL: &str = "main";

/// The window shows itself after this time even if its page does not come.
const PATIENCE: Duration = Duration::from_secs(3);

/// Size, position and maximised state; when to show the window is decided here.
pub(crate) fn remember_place<R: Runtime>() -> tauri::plugin::TauriPlugin<R> {
    tauri_plugin_window_state::Builder::default()
        .with_state_flags(StateFlags::SIZE | StateFlags::POSITION | StateFlags::MAXIMIZED)
        .build()
}

/// Shows the window with its first page in it, not an empty frame.
pub(crate) fn on_page_load<R: Runtime>(webview: &Webview<R>, payload: &PageLoadPayload<'_>) {
    match payload.event() {
        PageLoadEvent::Finished => show(webview.app_handle()),
        // "Try again" in the page may be a plain reload.
        PageLoadEvent::Started => {
            if let Some(shell) = webview.try_state::<Shell>() {
                shell.open_again_if_failed(webview.app_handle().clone());
            }
        }
    }
}

/// Shows the window even if no page comes.
pub(crate) fn show_at_last<R: Runtime>(app: &AppHandle<R>) {
    let app = app.clone();
    async_runtime::spawn(async move {
        tokio::time::sleep(PATIENCE).await;
        show(&app);
    });
}

/// The window was shown once. From then on it is only put away and brought back on purpose, whatever page comes late or anew.
static SHOWN: AtomicBool = AtomicBool::new(false);

fn show<R: Runtime>(app: &AppHandle<R>) {
    if SHOWN.swap(true, Ordering::Relaxed) {
        return;
    }
    if let Some(window) = app.get_webview_window(LABEL)
        && !window.is_visible().unwrap_or(true)
        && let Err(error) = window.show()
    {
        tracing::error!(%error, "the window was not shown");
    }
}

/// Brings the window before the others, from wherever it was put away.
pub(crate) fn bring_forward<R: Runtime>(app: &AppHandle<R>) {
    away::came_back(app);
    if let Some(window) = app.get_webview_window(LABEL) {
        let _ = window.unminimize();
        let _ = window.show();
        let _ = window.set_focus();
    }
}

/// True when a person has the window before them.
pub(crate) fn has_focus<R: Runtime>(app: &AppHandle<R>) -> bool {
    app.get_webview_window(LABEL).is_some_and(|window| window.is_focused().unwrap_or(false))
}

/// What the question's buttons say.
const AWAY: &str = "Go on without the window";
const CLOSE: &str = "Close anyway";
const STAY: &str = "Keep the window";

/// Asks before the window closes over running work.
pub(crate) fn on_event<R: Runtime>(window: &Window<R>, event: &WindowEvent) {
    let WindowEvent::CloseRequested { api, .. } = event else { return };
    let running = window.state::<Shell>().jobs().running();
    if running == 0 {
        return;
    }
    api.prevent_close();
    let asked = window.clone();
    window
        .dialog()
        .message(closing_question(running))
        .title("Work is going on")
        .kind(MessageDialogKind::Warning)
        .parent(window)
        .buttons(MessageDialogButtons::YesNoCancelCustom(AWAY.into(), CLOSE.into(), STAY.into()))
        .show_with_result(move |answer| match answer {
            MessageDialogResult::Custom(word) if word == AWAY => away::put(asked.app_handle()),
            MessageDialogResult::Custom(word) if word == CLOSE => {
                if let Err(error) = asked.destroy() {
                    tracing::error!(%error, "the window was not closed");
                }
            }
            // Escape, and closing the question itself.
            MessageDialogResult::Custom(_)
            | MessageDialogResult::Yes
            | MessageDialogResult::No
            | MessageDialogResult::Ok
            | MessageDialogResult::Cancel => {}
        });
}

/// Closes the window as a person does: over running work it asks.
pub(crate) fn ask_to_close<R: Runtime>(app: &AppHandle<R>) {
    if let Some(window) = app.get_webview_window(LABEL)
        && let Err(error) = window.close()
    {
        tracing::error!(%error, "the window was not closed");
    }
}

fn closing_question(running: usize) -> String {
    let jobs = if running == 1 { "One job is".to_owned() } else { format!("{running} jobs are") };
    format!(
        "{jobs} at work. It can go on without the window. Closing stops the work where it is: what was read and sent stays recorded, and it can go on from there at the next start."
    )
}

#[cfg(test)]
mod tests {
    use super::closing_question;

    #[test]
    fn the_question_counts_the_jobs() {
        assert!(closing_question(1).starts_with("One job is at work."));
        assert!(closing_question(3).starts_with("3 jobs are at work."));
    }
}
