//! An answer as it is made, for as long as whoever asked may have it.
//!
//! Whatever ends it without an answer is a problem: a failure, a restart, a key revoked meanwhile.

use super::Server;
use super::caller::Caller;
use super::problem::{Code, Problem};
use crate::answer::{Answer, AnswerEvent, Question};
use futures::future::{BoxFuture, FutureExt};
use std::sync::Arc;
use tokio::sync::mpsc;

pub struct Hearing {
    events: mpsc::Receiver<AnswerEvent>,
    key_ended: BoxFuture<'static, ()>,
}

impl Hearing {
    /// Begins to answer; without a caller, whoever sits at this machine. The work stops when this is
    /// dropped.
    pub fn begin(server: &Server, caller: Option<&Caller>, question: Question) -> Self {
        Self {
            events: server.answerer.ask(question),
            key_ended: key_ended(server, caller),
        }
    }

    /// The answer alone. The work stops when the future is dropped.
    pub async fn whole(
        server: &Server,
        caller: Option<&Caller>,
        question: Question,
    ) -> Result<Answer, Problem> {
        tokio::select! {
            answer = server.answerer.answer(question) => Ok(answer?),
            () = key_ended(server, caller) => Err(ended()),
        }
    }

    /// What happens next. After `Done` or a problem there is nothing more.
    pub async fn next(&mut self) -> Result<AnswerEvent, Problem> {
        let event = tokio::select! {
            event = self.events.recv() => event,
            () = &mut self.key_ended => return Err(ended()),
        };
        match event {
            Some(AnswerEvent::Failed(error)) => Err(error.into()),
            Some(event) => Ok(event),
            // An answer that stops without a last event: the process is going down.
            None => Err(Problem::new(
                Code::Overloaded,
                "The server is restarting; try again in a moment.",
            )
            .retry_after(2)),
        }
    }
}

/// Never comes, for who has shown none.
fn key_ended(server: &Server, caller: Option<&Caller>) -> BoxFuture<'static, ()> {
    match caller.and_then(|caller| caller.credential.clone()) {
        Some(credential) => credential.ended(Arc::clone(&server.keys)).boxed(),
        None => std::future::pending().boxed(),
    }
}

fn ended() -> Problem {
    Problem::new(
        Code::Unauthorized,
        "What this was asked with has expired or been revoked.",
    )
}
