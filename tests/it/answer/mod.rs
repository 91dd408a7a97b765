//! Questions from asking to `Done`, over a real index, with and without a model behind a server.

mod dialogue;
mod generated;
mod hostile;
mod named;
mod quoted;
mod remembered;
pub mod rig;
mod supported;
pub mod upstream;
