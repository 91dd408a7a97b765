//! Embedding from the outside: other models from folders, servers, and the queue before both.

mod folders;
mod queueing;
mod server;
mod small_bert;
