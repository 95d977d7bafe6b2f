//! The pages, one kind a file.

pub mod desk;
pub mod home;
pub mod phones;
pub mod problem;
pub mod resource;
pub mod sign_in;
pub mod wallboard;
pub mod workspaces;
