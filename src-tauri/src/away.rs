//! Work goes on without the window: an icon in the desktop's tray brings it back. A desktop without a tray would lose the window for good,
//! so there it is minimised, and that is said.

use tauri::menu::{MenuBuilder, MenuItemBuilder};
use tauri::tray::{MouseButton, MouseButtonState, TrayIconBuilder, TrayIconEvent};
use tauri::{AppHandle, Manager, Runtime};
use tauri_plugin_notification::NotificationExt;

use crate::window;

/// The tray icon's id.
const TRAY: &str = "away";
const SHOW: &str = "show";
const QUIT: &str = "quit";

/// Where the window went.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Place {
    Tray,
    Minimised,
}

impl Place {
    fn told(self) -> &'static str {
        match self {
            Self::Tray => {
                "The work goes on. The icon in the tray brings the window back; so does starting Syncline again."
            }
            Self::Minimised => {
                "The work goes on. This desktop shows no tray icons, so the window is only minimised."
            }
        }
    }
}

/// Puts the window out of sight and says where it went. Not to be called on the main thread: the desktop is asked and may be slow.
pub(crate) fn put<R: Runtime>(app: &AppHandle<R>) {
    let place = if has_tray() && icon(app) { Place::Tray } else { Place::Minimised };
    let Some(main) = app.get_webview_window(window::LABEL) else { return };
    let done = match place {
        Place::Tray => main.hide(),
        Place::Minimised => main.minimize(),
    };
    if let Err(error) = done {
        tracing::error!(%error, "the window was not put away");
    }
    let notice = app.notification().builder().title("Syncline goes on").body(place.told());
    if let Err(error) = notice.show() {
        tracing::warn!(%error, "the notification was not shown");
    }
}

/// The window is back: the tray needs no icon.
pub(crate) fn came_back<R: Runtime>(app: &AppHandle<R>) {
    // Where it was not away there is none.
    drop(app.remove_tray_by_id(TRAY));
}

/// Shows the icon; false where that did not work.
fn icon<R: Runtime>(app: &AppHandle<R>) -> bool {
    match make(app) {
        Ok(()) => true,
        Err(error) => {
            tracing::warn!(%error, "the tray icon was not shown");
            false
        }
    }
}

fn make<R: Runtime>(app: &AppHandle<R>) -> tauri::Result<()> {
    came_back(app);
    let show = MenuItemBuilder::with_id(SHOW, "Show Syncline").build(app)?;
    let quit = MenuItemBuilder::with_id(QUIT, "Quit").build(app)?;
    let menu = MenuBuilder::new(app).items(&[&show, &quit]).build()?;
    let mut tray = TrayIconBuilder::with_id(TRAY)
        .tooltip("Syncline: work is going on")
        .menu(&menu)
        .show_menu_on_left_click(false)
        .on_menu_event(|app, event| match event.id().as_ref() {
            SHOW => window::bring_forward(app),
            QUIT => {
                // Closing asks once more while work is going on.
                window::bring_forward(app);
                window::ask_to_close(app);
            }
            _ => {}
        })
        .on_tray_icon_event(|tray, event| {
            if let TrayIconEvent::Click {
                button: MouseButton::Left,
                button_state: MouseButtonState::Up,
                ..
            } = event
            {
                window::bring_forward(tray.app_handle());
            }
        });
    if let Some(icon) = app.default_window_icon() {
        tray = tray.icon(icon.clone());
    }
    tray.build(app).map(drop)
}

/// Windows and macOS always have one.
#[cfg(not(target_os = "linux"))]
fn has_tray() -> bool {
    true
}

/// A Linux desktop has one where somebody watches for icons (StatusNotifierWatcher), and where the library that shows them is installed:
/// asking for it when it is not would end the process.
#[cfg(target_os = "linux")]
fn has_tray() -> bool {
    watched() && library_in(&library_folders())
}

#[cfg(target_os = "linux")]
fn watched() -> bool {
    let Ok(bus) = zbus::blocking::Connection::session() else { return false };
    let Ok(names) = zbus::blocking::fdo::DBusProxy::new(&bus) else { return false };
    let Ok(watcher) = zbus::names::BusName::try_from("org.kde.StatusNotifierWatcher") else { return false };
    names.name_has_owner(watcher).unwrap_or(false)
}

#[cfg(target_os = "linux")]
fn library_folders() -> Vec<std::path::PathBuf> {
    let given = std::env::var_os("LD_LIBRARY_PATH").unwrap_or_default();
    let machine = format!("/usr/lib/{}-linux-gnu", std::env::consts::ARCH);
    std::env::split_paths(&given)
        .chain(["/usr/lib", "/usr/lib64", "/usr/local/lib", "/lib", &machine].map(std::path::PathBuf::from))
        .collect()
}

#[cfg(target_os = "linux")]
fn library_in(folders: &[std::path::PathBuf]) -> bool {
    let names = ["libayatana-appindicator3.so.1", "libappindicator3.so.1"];
    folders.iter().any(|folder| names.iter().any(|name| folder.join(name).exists()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_place_is_told() {
        assert!(Place::Tray.told().contains("tray brings"));
        assert!(Place::Minimised.told().contains("only minimised"));
    }

    #[cfg(target_os = "linux")]
    #[test]
    fn the_library_is_looked_for_where_libraries_are() {
        let folders = library_folders();
        assert!(folders.iter().any(|folder| folder.ends_with("lib")), "{folders:?}");
        assert!(!library_in(&[std::path::PathBuf::from("/nowhere")]));
    }
}
