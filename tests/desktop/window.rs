//! The real app in the real web view: a display, a driver, and what a person can see and do.
//!
//! Only what a page shows is looked at, found by role and name as a screen reader finds it; clicks
//! and keys go through the web view's own input.

use std::io::{BufRead as _, BufReader};
use std::net::TcpListener;
use std::path::PathBuf;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use anyhow::{Context as _, Result, bail};
use fantoccini::elements::Element;
use fantoccini::key::Key;
use fantoccini::{Client, ClientBuilder};
use hyper_util::client::legacy::connect::HttpConnector;
use serde_json::{Value, json};
use tempfile::TempDir;

/// What is not there after so long will not come. Waking the demo takes most of it, on a machine
/// that builds something else at the same time.
const PATIENCE: Duration = Duration::from_secs(90);

/// Finds what can be seen, in the page. `name` is what a screen reader would say.
const FIND: &str = r#"
    const [css, name, within] = arguments;
    const seen = (e) => e.getClientRects().length > 0 && getComputedStyle(e).visibility !== "hidden";
    const said = (e) => [e.getAttribute("aria-label") ?? "", e.innerText ?? "", e.value ?? ""].join("\n");
    const labelled = (e) => [...(e.labels ?? [])].map((l) => l.innerText).join("\n");
    const roots = within ? [...document.querySelectorAll(within)].filter(seen) : [document];
    const all = roots.flatMap((root) => [...root.querySelectorAll(css)]).filter(seen);
"#;

/// A process that ends with its owner.
struct Owned(Child);

impl Drop for Owned {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

/// The app's window on the demo team.
pub struct Window {
    page: Client,
    // In the order in which they must end.
    _driver: Owned,
    _display: Option<Owned>,
    _data: TempDir,
}

impl Window {
    /// Opens the app with these options beside `--demo`.
    pub async fn open(options: &[&str]) -> Result<Self> {
        let data = tempfile::tempdir()?;
        let (display, name) = display()?;
        let port = TcpListener::bind("127.0.0.1:0")?.local_addr()?.port();
        let driver = Command::new("WebKitWebDriver")
            .args([&format!("--port={port}"), "--host=127.0.0.1"])
            .env("DISPLAY", name)
            .env("TAURI_WEBVIEW_AUTOMATION", "true")
            // Nothing of this machine's desktop may leak in: theme, language, session bus.
            .env("LANG", "en_GB.UTF-8")
            .env("XDG_DATA_HOME", data.path())
            .env("XDG_CONFIG_HOME", data.path())
            .env_remove("WAYLAND_DISPLAY")
            .env_remove("DBUS_SESSION_BUS_ADDRESS")
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .context("WebKitWebDriver (Debian: webkit2gtk-driver)")?;
        let driver = Owned(driver);
        let folder = data.path().join("ajar");
        let mut arguments = vec!["--demo", "--data-dir", folder.to_str().context("a path")?];
        arguments.extend(options);
        let page = connect(port, &arguments).await?;
        Ok(Self {
            page,
            _driver: driver,
            _display: display,
            _data: data,
        })
    }

    /// Runs a script on what [`FIND`] finds, until it answers something.
    async fn until(&self, css: &str, name: &str, within: &str, answer: &str) -> Result<Value> {
        let script = format!("{FIND} {answer}");
        let began = Instant::now();
        loop {
            let arguments = vec![json!(css), json!(name), json!(within)];
            let found = self.page.execute(&script, arguments).await;
            match found {
                Ok(value) if !value.is_null() && value != json!(false) => return Ok(value),
                Ok(_) | Err(_) if began.elapsed() < PATIENCE => {
                    tokio::time::sleep(Duration::from_millis(100)).await;
                }
                Ok(_) => {
                    let picture = self.picture().await?;
                    let seen = self.words().await.unwrap_or_default();
                    bail!(
                        "no {css:?} named {name:?} in {within:?}; the window looks like {} and says:\n{seen}",
                        picture.display()
                    );
                }
                Err(why) => return Err(why.into()),
            }
        }
    }

    /// The element of this kind with this name.
    pub async fn find(&self, css: &str, name: &str, within: &str) -> Result<Element> {
        let pick = "return all.find((e) => (said(e) + labelled(e)).includes(name)) ?? null;";
        let found = self.until(css, name, within, pick).await?;
        let id = found
            .as_object()
            .and_then(|reference| reference.values().next())
            .and_then(Value::as_str)
            .context("an element")?;
        Ok(Element::from_element_id(
            self.page.clone(),
            fantoccini::elements::ElementRef::from(id.to_owned()),
        ))
    }

    /// Waits until an element stands still for two frames: a menu takes its place only after it was
    /// drawn, and a click goes to a place.
    async fn stands_still(&self, element: &Element) -> Result<(), fantoccini::error::CmdError> {
        const STILL: &str = r#"
            const [element, done] = arguments;
            const place = () => { const { x, y, width, height } = element.getBoundingClientRect(); return [x, y, width, height].join(); };
            let last = "", still = 0, frames = 0;
            const look = () => {
                still = place() === last ? still + 1 : 0;
                last = place();
                if (still >= 2 || ++frames > 120) done(still);
                else requestAnimationFrame(look);
            };
            look();
        "#;
        let arguments = vec![serde_json::to_value(element)?];
        self.page.execute_async(STILL, arguments).await.map(drop)
    }

    pub async fn click(&self, css: &str, name: &str, within: &str) -> Result<()> {
        let began = Instant::now();
        loop {
            // What was found may be drawn anew before it is clicked.
            let element = self.find(css, name, within).await?;
            let clicked = match self.stands_still(&element).await {
                Ok(()) => element.click().await,
                Err(why) => Err(why),
            };
            match clicked {
                Ok(()) => return Ok(()),
                Err(_) if began.elapsed() < PATIENCE => {
                    tokio::time::sleep(Duration::from_millis(100)).await;
                }
                Err(why) => return Err(why.into()),
            }
        }
    }

    /// Clicks a button by its name.
    pub async fn press(&self, name: &str) -> Result<()> {
        self.click("button, [role=menuitem], [role=menuitemradio], a", name, "")
            .await
    }

    /// Types into a field, after what stands there.
    pub async fn type_into(&self, field: &str, within: &str, text: &str) -> Result<()> {
        let found = self.find("input, textarea", field, within).await?;
        found.send_keys(text).await?;
        Ok(())
    }

    /// Empties a field as a person does.
    pub async fn clear(&self, field: &str, within: &str) -> Result<()> {
        let all = format!("{}a{}", char::from(Key::Control), char::from(Key::Null));
        self.type_into(field, within, &all).await?;
        self.type_into(field, within, &char::from(Key::Backspace).to_string())
            .await
    }

    /// What stands in a field.
    pub async fn value(&self, field: &str, within: &str) -> Result<String> {
        let pick = "const e = all.find((e) => (said(e) + labelled(e)).includes(name)); return e ? [e.value] : null;";
        let found = self.until("input, textarea", field, within, pick).await?;
        Ok(found[0].as_str().unwrap_or_default().to_owned())
    }

    /// Waits until these words can be read.
    pub async fn sees(&self, words: &str) -> Result<()> {
        self.sees_in("body", words).await
    }

    pub async fn sees_in(&self, css: &str, words: &str) -> Result<()> {
        let pick = "return all.some((e) => said(e).includes(name));";
        self.until(css, words, "", pick).await.map(drop)
    }

    /// Waits until the message with these words has the ticks of one that arrived.
    pub async fn sees_ticks(&self, message: &str, words: &str) -> Result<()> {
        let pick = r#"
            const ticks = (e) => [...e.querySelectorAll("[role=img]")].map((i) => i.getAttribute("aria-label"));
            return all.filter((e) => said(e).includes(name)).some((e) => ticks(e).some((t) => ["Delivered", "Read"].includes(t)));
        "#;
        self.until(message, words, "", pick).await.map(drop)
    }

    /// Waits until these words are gone.
    pub async fn sees_no(&self, css: &str, words: &str) -> Result<()> {
        let pick = "return !all.some((e) => said(e).includes(name));";
        self.until(css, words, "", pick).await.map(drop)
    }

    /// Waits until a button with exactly this name is there, or is not.
    pub async fn sees_button(&self, within: &str, name: &str, there: bool) -> Result<()> {
        let pick = format!(
            "return all.some((e) => e.innerText.split(\"\\n\")[0].trim() === name) === {there};"
        );
        self.until("button", name, within, &pick).await.map(drop)
    }

    /// How many can be seen.
    pub async fn count(&self, css: &str) -> Result<u64> {
        let found = self.until(css, "", "", "return [all.length];").await?;
        Ok(found[0].as_u64().unwrap_or(0))
    }

    /// How many can be seen that say this.
    pub async fn count_of(&self, css: &str, words: &str) -> Result<u64> {
        let pick = "return [all.filter((e) => said(e).includes(name)).length];";
        let found = self.until(css, words, "", pick).await?;
        Ok(found[0].as_u64().unwrap_or(0))
    }

    /// Gives a file to a chooser, which people open by a button and never see themselves.
    pub async fn choose_file(&self, within: &str, path: &std::path::Path) -> Result<()> {
        let chooser = self
            .page
            .find(fantoccini::Locator::Css(&format!(
                "{within} input[type=file]"
            )))
            .await?;
        chooser.send_keys(path.to_str().context("a path")?).await?;
        Ok(())
    }

    /// The first match of a pattern in what can be read.
    pub async fn reads(&self, css: &str, pattern: &str) -> Result<String> {
        let pick = "const m = all.map((e) => said(e).match(new RegExp(name))).find((m) => m); return m ? m[0] : null;";
        let found = self.until(css, pattern, "", pick).await?;
        Ok(found.as_str().unwrap_or_default().to_owned())
    }

    /// Keeps a picture of the window beside the test's other products.
    async fn picture(&self) -> Result<PathBuf> {
        let pixels = self.page.screenshot().await?;
        let mut name = PathBuf::from(env!("CARGO_TARGET_TMPDIR"));
        name.push(format!("window-{}.png", std::process::id()));
        std::fs::write(&name, pixels)?;
        Ok(name)
    }

    pub async fn words(&self) -> Result<String> {
        let words = self
            .page
            .execute("return document.body.innerText", Vec::new())
            .await?;
        Ok(words.as_str().unwrap_or_default().to_owned())
    }

    /// Closes the window; the app ends.
    pub async fn close(self) -> Result<()> {
        self.page.clone().close().await?;
        Ok(())
    }
}

/// The display of this machine, or a virtual one of our own.
fn display() -> Result<(Option<Owned>, String)> {
    if let Ok(name) = std::env::var("AJAR_TEST_DISPLAY") {
        return Ok((None, name));
    }
    let mut child = Command::new("Xvfb")
        .args([
            "-displayfd",
            "1",
            "-screen",
            "0",
            "1400x900x24",
            "-nolisten",
            "tcp",
        ])
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .spawn()
        .context("Xvfb (Debian: xvfb)")?;
    let out = child.stdout.take().context("Xvfb says its number")?;
    let owned = Owned(child);
    let mut number = String::new();
    BufReader::new(out).read_line(&mut number)?;
    Ok((Some(owned), format!(":{}", number.trim())))
}

async fn connect(port: u16, arguments: &[&str]) -> Result<Client> {
    let options = json!({ "binary": app()?, "args": arguments });
    let mut capabilities = serde_json::Map::new();
    capabilities.insert("webkitgtk:browserOptions".to_owned(), options);
    let address = format!("http://127.0.0.1:{port}");
    let began = Instant::now();
    loop {
        let mut builder = ClientBuilder::new(HttpConnector::new());
        match builder
            .capabilities(capabilities.clone())
            .connect(&address)
            .await
        {
            Ok(page) => return Ok(page),
            // The driver does not listen yet.
            Err(_) if began.elapsed() < Duration::from_secs(20) => {
                tokio::time::sleep(Duration::from_millis(100)).await;
            }
            Err(why) => return Err(why).context("the window does not open"),
        }
    }
}

/// The app as this build made it: beside the folder of test programs.
fn app() -> Result<PathBuf> {
    if let Some(app) = std::env::var_os("AJAR_BIN") {
        return Ok(app.into());
    }
    let here = std::env::current_exe()?;
    let folder = here.parent().and_then(|deps| deps.parent());
    let app = folder.context("a target folder")?.join("ajar");
    if !app.exists() {
        bail!(
            "{} is not built: cargo build --workspace --all-targets",
            app.display()
        );
    }
    Ok(app)
}
