//! The pages; one file for each kind of page.

pub mod calendars;
pub mod desk;
pub mod flows;
pub mod home;
pub mod note;
pub mod phones;
pub mod problem;
pub mod resource;
pub mod sign_in;
pub mod simulation;
pub mod wallboard;
pub mod workspaces;
