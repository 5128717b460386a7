use utoipa::PartialSchema;
use utoipa::openapi::security::{Http, HttpAuthScheme, SecurityScheme};
use utoipa::openapi::{
    ComponentsBuilder, ContentBuilder, Info, OpenApi, OpenApiBuilder, Ref, ResponseBuilder,
};

use crate::problem::ProblemBody;

/// The part of the API's description that all endpoints refer to: the answer `Problem` and the security scheme `bearer`.
/// The server starts its description from it.
pub fn openapi() -> OpenApi {
    let problem = ContentBuilder::new().schema(Some(Ref::from_schema_name("Problem"))).build();
    let refusal = ResponseBuilder::new()
        .description(
            "Refused; `code` and `detail` say why (RFC 9457), and `type` leads to a page that says what to do: all of these are \
             listed at /problems/",
        )
        .content("application/problem+json", problem)
        .build();
    let bearer = SecurityScheme::Http(Http::new(HttpAuthScheme::Bearer));
    let components = ComponentsBuilder::new()
        .schema("Problem", ProblemBody::schema())
        .response("Problem", refusal)
        .security_scheme("bearer", bearer)
        .build();
    OpenApiBuilder::new()
        .info(Info::new("Whereabouts", env!("CARGO_PKG_VERSION")))
        .components(Some(components))
        .build()
}
