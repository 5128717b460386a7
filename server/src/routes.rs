use axum::Router;
use axum::http::header;
use axum::response::IntoResponse;
use axum::routing::get;
use utoipa::openapi::OpenApi;
use utoipa_axum::router::OpenApiRouter;
use utoipa_swagger_ui::SwaggerUi;

/// All doors of a node behind the shared one, with their description and a page to try them from.
pub(crate) fn assemble(
    parts: Vec<OpenApiRouter>,
    dev: Option<Router>,
    context: &api::Context,
) -> Router {
    let described = OpenApiRouter::with_openapi(api::openapi());
    let (router, description) =
        parts.into_iter().fold(described, OpenApiRouter::merge).split_for_parts();
    let mut router = router.merge(docs(&description));
    if let Some(dev) = dev {
        router = router.merge(dev);
    }
    api::door(router, context)
}

/// `/openapi.json` and `/docs/`, served from the binary: nothing is loaded from elsewhere.
fn docs(description: &OpenApi) -> Router {
    let json = description.to_json().expect("a description of routes has a JSON form");
    let serve = move || {
        let json = json.clone();
        async move { ([(header::CONTENT_TYPE, "application/json")], json).into_response() }
    };
    Router::new()
        .route("/openapi.json", get(serve))
        .merge(SwaggerUi::new("/docs").config(utoipa_swagger_ui::Config::from("/openapi.json")))
}
