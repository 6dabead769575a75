//! For which names we answer. A page of another origin may have its own name point here (DNS rebinding); the browser then believes that
//! board and API belong to that page, but it still says the name that it asked for.

use std::net::IpAddr;

use axum::extract::Request;
use axum::http::{StatusCode, header};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};

/// Refuses requests for other names than this machine's own. One without any name is from no browser.
pub(super) async fn only_local(request: Request, next: Next) -> Response {
    let header = request.headers().get(header::HOST).map(|host| String::from_utf8_lossy(host.as_bytes()).into_owned());
    let asked = request.uri().authority().map(ToString::to_string).into_iter().chain(header);
    match asked.into_iter().find(|host| !is_local(host)) {
        None => next.run(request).await,
        Some(host) => {
            let sentence = format!(
                "{host:?} is no name of this machine: ask for localhost or a loopback address, and let a proxy in between do so (Host: localhost)\n"
            );
            (StatusCode::MISDIRECTED_REQUEST, sentence).into_response()
        }
    }
}

/// Whether a host, with its port if it has one, is a loopback name or address; all that `http.listen` may be are such.
fn is_local(host: &str) -> bool {
    let name = match host.strip_prefix('[').and_then(|rest| rest.split_once(']')) {
        Some((address, _)) => address,
        None => host.rsplit_once(':').map_or(host, |(name, _)| name),
    };
    let name = name.trim_end_matches('.').to_ascii_lowercase();
    name == "localhost" || name.ends_with(".localhost") || name.parse::<IpAddr>().is_ok_and(|address| address.is_loopback())
}
