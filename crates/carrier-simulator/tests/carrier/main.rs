//! The carrier over HTTP: webhooks on one side, its own API on the other. The tests own the clock.

mod conferences;
mod control;
mod rest;
mod starts;
mod support;
mod webhooks;
