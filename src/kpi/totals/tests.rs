mod closing;
mod model;
mod properties;
mod rules;
mod support;
