//! The tray icon with its two numbers: unread, and closing soon.
//!
//! Some systems have no tray. Then nothing is put up, and nothing depends on it.

use std::sync::Mutex;

use tauri::image::Image;
use tauri::menu::{Menu, MenuItem, PredefinedMenuItem};
use tauri::tray::{MouseButton, TrayIcon, TrayIconBuilder, TrayIconEvent};
use tauri::{AppHandle, Wry};

use crate::window;
use crate::words::{self, Words};

/// What the tray shows.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Numbers {
    pub unread: u32,
    pub closing_soon: u32,
}

/// The icon beside the system's clock, if there is a place for it.
pub struct Tray {
    icon: Option<Parts>,
    shown: Mutex<Option<(Numbers, String)>>,
}

struct Parts {
    icon: TrayIcon<Wry>,
    open: MenuItem<Wry>,
    numbers: MenuItem<Wry>,
    quit: MenuItem<Wry>,
}

impl Tray {
    #[must_use]
    pub fn put_up(app: &AppHandle) -> Self {
        let icon = build(app)
            .inspect_err(|why| tracing::info!(%why, "no tray on this system"))
            .ok();
        Self {
            icon,
            shown: Mutex::new(None),
        }
    }

    /// `language` is the interface's; empty for the system's.
    pub fn show(&self, numbers: Numbers, language: &str) {
        let now = Some((numbers, language.to_owned()));
        let mut shown = self.shown.lock().unwrap_or_else(|e| e.into_inner());
        if *shown == now {
            return;
        }
        *shown = now;
        if let Some(parts) = &self.icon
            && let Err(why) = parts.show(numbers, words::of(language))
        {
            tracing::warn!(%why, "the tray does not change");
        }
    }
}

impl Parts {
    fn show(&self, numbers: Numbers, words: Words) -> tauri::Result<()> {
        let Numbers {
            unread,
            closing_soon,
        } = numbers;
        let line = format!(
            "{unread} {} · {closing_soon} {}",
            words.unread, words.closing_soon
        );
        let short = match (unread, closing_soon) {
            (0, 0) => None,
            (unread, 0) => Some(format!("{unread}")),
            (unread, soon) => Some(format!("{unread} · {soon}")),
        };
        self.icon.set_title(short.as_deref())?;
        self.icon.set_tooltip(Some(format!("Ajar: {line}")))?;
        self.numbers.set_text(&line)?;
        self.open.set_text(words.open)?;
        self.quit.set_text(words.quit)
    }
}

fn build(app: &AppHandle) -> tauri::Result<Parts> {
    let words = words::of("");
    let open = MenuItem::with_id(app, "open", words.open, true, None::<&str>)?;
    let numbers = MenuItem::with_id(app, "numbers", "", false, None::<&str>)?;
    let quit = MenuItem::with_id(app, "quit", words.quit, true, None::<&str>)?;
    let line = PredefinedMenuItem::separator(app)?;
    let menu = Menu::with_items(app, &[&open, &numbers, &line, &quit])?;
    let icon = TrayIconBuilder::with_id("main")
        .icon(Image::from_bytes(include_bytes!("../icons/tray.png"))?)
        .menu(&menu)
        .show_menu_on_left_click(cfg!(target_os = "linux"))
        .on_menu_event(|app, event| match event.id().as_ref() {
            "open" => window::come_forward(app),
            "quit" => app.exit(0),
            _ => {}
        })
        .on_tray_icon_event(|icon, event| {
            if let TrayIconEvent::Click {
                button: MouseButton::Left,
                ..
            } = event
            {
                window::come_forward(icon.app_handle());
            }
        })
        .build(app)?;
    Ok(Parts {
        icon,
        open,
        numbers,
        quit,
    })
}
