//! The window, and what belongs to it on a desktop: one instance, links, its remembered place.

use ajar_client::desk::Desk;
use tauri::webview::NewWindowResponse;
use tauri::{App, AppHandle, Manager as _, RunEvent, WebviewWindow, WebviewWindowBuilder};
use tauri_plugin_deep_link::DeepLinkExt as _;

use crate::attendant;
use crate::bridge;
use crate::cli::Cli;
use crate::links::{self, Link};
use crate::tray::Tray;

const MAIN: &str = "main";

/// Opens the window and stays until it is closed.
///
/// # Errors
/// If there is no display, or the system's web view is missing.
pub fn run(cli: &Cli, desk: Desk) -> tauri::Result<()> {
    let mut builder = tauri::Builder::default();
    // A demo, or a folder that was asked for by hand, is another desktop: it may run beside.
    if !cli.demo && cli.data_dir.is_none() {
        builder = builder.plugin(tauri_plugin_single_instance::init(|app, arguments, _| {
            come_forward(app);
            let link = links::among(arguments.iter().map(String::as_str));
            follow(app, link);
        }));
    }
    let (session, _) = desk.session();
    let link = cli.link.as_deref().and_then(links::parse);
    #[expect(
        clippy::disallowed_methods,
        reason = "what the macro makes ends the process where the context is broken"
    )]
    let app = builder
        .plugin(tauri_plugin_deep_link::init())
        .plugin(tauri_plugin_notification::init())
        .plugin(tauri_plugin_window_state::Builder::new().build())
        .invoke_handler(tauri::generate_handler![bridge::call, bridge::subscribe])
        .manage(session)
        .manage(desk.clone())
        .setup(move |app| {
            open(app)?;
            hear_links(app);
            let tray = Tray::put_up(app.handle());
            let attendant = attendant::attend(app.handle().clone(), desk, tray);
            tauri::async_runtime::spawn(attendant);
            follow(app.handle(), link);
            Ok(())
        })
        .build(tauri::generate_context!())?;
    app.run(|app, event| {
        if let RunEvent::Exit = event {
            let desk = app.state::<Desk>().inner().clone();
            tauri::async_runtime::block_on(desk.close());
        }
    });
    Ok(())
}

fn open(app: &App) -> tauri::Result<()> {
    let windows = &app.config().app.windows;
    let Some(config) = windows.iter().find(|window| window.label == MAIN) else {
        return Ok(());
    };
    WebviewWindowBuilder::from_config(app.handle(), config)?
        // The page never leaves itself: other addresses go through `open_link` to the browser.
        .on_navigation(|url| url.scheme() == "tauri" || url.host_str() == Some("tauri.localhost"))
        .on_new_window(|_, _| NewWindowResponse::Deny)
        .build()?;
    Ok(())
}

/// On macOS links arrive as events; elsewhere as arguments of a process.
fn hear_links(app: &App) {
    let handle = app.handle().clone();
    if cfg!(target_os = "macos") {
        app.deep_link().on_open_url(move |event| {
            come_forward(&handle);
            for url in event.urls() {
                follow(&handle, links::parse(url.as_str()));
            }
        });
    } else if std::env::var_os("APPIMAGE").is_some()
        && let Err(why) = app.deep_link().register_all()
    {
        // A package registers its links when it is installed; an AppImage has to do it itself.
        tracing::warn!(%why, "ajar:// links could not be registered");
    }
}

/// Shows what a link names.
pub fn follow(app: &AppHandle, link: Option<Link>) {
    let desk = app.state::<Desk>();
    match link {
        Some(Link::Conversation(id)) => desk.show_conversation(id),
        Some(Link::Start { number }) => desk.show_start(number),
        None => {}
    }
}

/// Brings the window before the person, from wherever it is.
pub fn come_forward(app: &AppHandle) {
    let Some(window) = main_window(app) else {
        return;
    };
    let shown = window
        .show()
        .and_then(|()| window.unminimize())
        .and_then(|()| window.set_focus());
    if let Err(why) = shown {
        tracing::warn!(%why, "the window does not come forward");
    }
}

#[must_use]
pub fn main_window(app: &AppHandle) -> Option<WebviewWindow> {
    app.get_webview_window(MAIN)
}
