mod closing;
mod evicted;
mod model;
mod properties;
mod rules;
mod stored;
mod support;
