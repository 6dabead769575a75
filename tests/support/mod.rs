//! What several tests need. A test that uses only a part of it declares it with `#[expect(dead_code)]`.

pub mod broker;
pub mod tls;
