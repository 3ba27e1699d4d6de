//! The description of the agents' API.

use axum::Json;
use utoipa::{
    Modify, OpenApi,
    openapi::security::{HttpAuthScheme, HttpBuilder, SecurityScheme},
};

#[derive(OpenApi)]
#[openapi(
    info(title = "Ajar hub", description = "What desktops ask of their team's hub."),
    paths(
        super::agents::hello,
        super::agents::join,
        super::agents::presence,
        super::agents::not_understood,
        super::agents::health,
        super::stream::snapshot,
        super::stream::events,
        super::conversations::command,
        super::conversations::messages,
        super::conversations::window,
        super::conversations::costs,
        super::conversations::search,
        super::files::upload,
        super::files::media,
        super::files::thumbnail,
    ),
    modifiers(&Token)
)]
struct Document;

struct Token;

impl Modify for Token {
    fn modify(&self, document: &mut utoipa::openapi::OpenApi) {
        let components = document.components.get_or_insert_with(Default::default);
        components.add_security_scheme(
            "token",
            SecurityScheme::Http(HttpBuilder::new().scheme(HttpAuthScheme::Bearer).build()),
        );
    }
}

pub async fn document() -> Json<utoipa::openapi::OpenApi> {
    Json(Document::openapi())
}
