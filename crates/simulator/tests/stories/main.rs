//! Stories about the simulated platform, told from outside: through its Graph API, its webhooks
//! and its handles.

mod business;
mod controls;
mod faults;
mod interactive;
mod limits;
mod media;
mod numbers;
mod program;
mod shapes;
mod statuses;
mod templates;
mod transport;
mod window;
