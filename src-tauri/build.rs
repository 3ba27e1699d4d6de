//! Prepares the shell's build: the permissions of the window, and a page to show where the
//! interface was not built.

use std::path::Path;

fn main() {
    placeholder_page();
    tauri_build::try_build(
        tauri_build::Attributes::new()
            // The capabilities stand in tauri.conf.json. This pattern matches no file, so that
            // no folder for them grows at the root.
            .capabilities_path_pattern("./src-tauri/capabilities/**/*")
            .app_manifest(
                tauri_build::AppManifest::new()
                    .permissions_path_pattern("./src-tauri/permissions/*.toml"),
            ),
    )
    .expect("the build script of Tauri");
}

/// The interface is embedded at build time, so a folder must be there for `cargo check` in a
/// fresh clone. What stands in it then says how to get the real one.
fn placeholder_page() {
    let page = Path::new("ui/dist/index.html");
    if page.exists() {
        return;
    }
    std::fs::create_dir_all("ui/dist").expect("ui/dist can be made");
    std::fs::write(
        page,
        "<!doctype html><html lang=\"en\"><meta charset=\"utf-8\"><title>Ajar</title>\
         <body><h1>The interface is not built</h1>\
         <p>Build it with <code>./dev run</code>, or with <code>npm ci</code> and \
         <code>npm run build</code> in the folder <code>ui</code>, then build again.</p></body></html>\n",
    )
    .expect("ui/dist/index.html can be written");
}
