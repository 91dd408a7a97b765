//! A generator that costs: asks the budget before every call, and tells it afterwards.
//!
//! A reader who leaves in the middle has cost as much as the model had written by then, and is
//! counted; otherwise whoever hangs up at once would ask for nothing.

use super::{GenerateError, Generator, Used, estimate_tokens};
use crate::answer::prompt::ChatMessage;
use crate::guard::budget::{Budget, Cost, Reservation};
use async_trait::async_trait;
use std::sync::Arc;
use tokio::sync::mpsc;

/// Pieces that may wait between the model and the reader.
const PIECES_AHEAD: usize = 16;

/// A generator within a budget.
pub struct Metered {
    generator: Arc<dyn Generator>,
    budget: Arc<Budget>,
}

impl Metered {
    pub fn new(generator: Arc<dyn Generator>, budget: Arc<Budget>) -> Self {
        Self { generator, budget }
    }

    fn cost(&self, used: Used) -> Cost {
        Cost {
            prompt_tokens: used.prompt,
            completion_tokens: used.completion,
            usd: self.generator.cost_usd(used),
        }
    }
}

#[async_trait]
impl Generator for Metered {
    fn name(&self) -> &str {
        self.generator.name()
    }

    fn model(&self) -> &str {
        self.generator.model()
    }

    fn cost_usd(&self, used: Used) -> f64 {
        self.generator.cost_usd(used)
    }

    async fn generate(
        &self,
        messages: &[ChatMessage],
        max_tokens: u32,
        out: mpsc::Sender<String>,
    ) -> Result<Used, GenerateError> {
        let prompt = messages
            .iter()
            .map(|message| estimate_tokens(&message.content))
            .sum();
        let at_most = Used {
            prompt,
            completion: u64::from(max_tokens),
        };
        let reserved = self.budget.reserve(self.cost(at_most));
        let mut running = Running {
            metered: self,
            reserved: Some(reserved.ok_or(GenerateError::OutOfBudget)?),
            used: Used {
                prompt,
                completion: 0,
            },
        };
        let (pieces, mut written) = mpsc::channel::<String>(PIECES_AHEAD);
        let passing_on = async {
            while let Some(piece) = written.recv().await {
                running.used.completion += estimate_tokens(&piece);
                if out.send(piece).await.is_err() {
                    // Dropping the receiver tells the generator that nobody listens.
                    break;
                }
            }
            drop(written);
        };
        let (outcome, ()) = tokio::join!(
            self.generator.generate(messages, max_tokens, pieces),
            passing_on
        );
        match &outcome {
            Ok(used) => running.used = *used,
            // Refused or never begun: nothing was written and nothing is charged.
            Err(_) if running.used.completion == 0 => running.used = Used::default(),
            Err(_) => {}
        }
        running.end().await;
        outcome
    }
}

/// A call that has begun; however it ends, the budget hears of it.
struct Running<'a> {
    metered: &'a Metered,
    reserved: Option<Reservation>,
    used: Used,
}

impl Running<'_> {
    async fn end(mut self) {
        if let Some(settling) = self.settling() {
            // A task of its own, so that a reader who leaves now leaves no hole in the books.
            let _ended_with_the_runtime = tokio::spawn(settling).await;
        }
    }

    fn settling(&mut self) -> Option<impl Future<Output = ()> + Send + 'static> {
        let reserved = self.reserved.take()?;
        let (name, model) = (
            self.metered.name().to_owned(),
            self.metered.model().to_owned(),
        );
        let cost = self.metered.cost(self.used);
        Some(async move { reserved.settle(&name, &model, cost).await })
    }
}

impl Drop for Running<'_> {
    fn drop(&mut self) {
        if let Some(settling) = self.settling() {
            tokio::spawn(settling);
        }
    }
}
