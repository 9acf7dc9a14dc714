//! This side's end of the wire: what was asked, and what came back.

use std::collections::BTreeMap;
use std::io::ErrorKind;
use std::time::{Duration, Instant};

use super::frame::{self, Address, Answer, BROADCAST, machine};
use super::wire::Wire;

/// How long one answer may take: the firmware resets the controller and waits for the link in it.
const ANSWER: Duration = Duration::from_secs(20);
/// After how long a first question is asked again: nobody listens before the link is up.
const AGAIN: Duration = Duration::from_millis(50);
/// The default pool.
pub(super) const DEFAULT: u8 = 0;

/// A question: what an answer repeats, and the pool that gave it.
#[derive(Debug)]
struct Asked {
    rest: Vec<u8>,
    pool: Option<u8>,
}

/// This side of the wire.
#[derive(Debug)]
pub(super) struct Player<W> {
    wire: W,
    /// When all must be over.
    deadline: Instant,
    next: u32,
    asked: BTreeMap<u32, Asked>,
    orders: BTreeMap<u32, Option<bool>>,
    /// What must not have come back.
    faults: Vec<String>,
}

impl<W: Wire> Player<W> {
    pub(super) fn new(wire: W, deadline: Instant) -> Self {
        Self { wire, deadline, next: 0, asked: BTreeMap::new(), orders: BTreeMap::new(), faults: Vec::new() }
    }

    /// Asks until somebody answers for the first time.
    pub(super) fn connect(&mut self) -> Result<(), String> {
        let end = (Instant::now() + ANSWER).min(self.deadline);
        while Instant::now() < end {
            let number = self.ask(BROADCAST, frame::LENGTHS[0])?;
            if self.until(AGAIN, |player| player.pool(number).is_some())? {
                self.settle()?;
                self.asked.clear();
                return Ok(());
            }
        }
        Err("nobody answers on the wire".into())
    }

    /// Asks a question; returns its number.
    pub(super) fn ask(&mut self, to: Address, length: usize) -> Result<u32, String> {
        let number = self.number();
        let bytes = frame::question(to, number, length);
        self.asked.insert(number, Asked { rest: bytes[20..].to_owned(), pool: None });
        self.send(&bytes)?;
        Ok(number)
    }

    /// Orders the firmware to go on; returns the order's number.
    pub(super) fn order(&mut self) -> Result<u32, String> {
        let number = self.number();
        self.orders.insert(number, None);
        self.send(&frame::order(number))?;
        Ok(number)
    }

    /// Waits for the answer to an order: whether it was followed.
    pub(super) fn followed(&mut self, order: u32) -> Result<bool, String> {
        let answered = |player: &Self| player.orders.get(&order).copied().flatten();
        if self.until(ANSWER, |player| answered(player).is_some())? {
            return Ok(answered(self) == Some(true));
        }
        Err("an order was not answered".into())
    }

    /// Waits until all that was asked before is answered or lost.
    ///
    /// The firmware looks at its queues in turn, and takes 16 frames of each at most. When a first question to the
    /// default queue is answered, the controller has sorted everything before it; when a second one is, which was
    /// asked then, the firmware has looked at every queue since. No chapter asks more of one queue than that.
    pub(super) fn settle(&mut self) -> Result<(), String> {
        for _ in 0..2 {
            let number = self.ask(BROADCAST, frame::LENGTHS[0])?;
            if !self.until(ANSWER, |player| player.pool(number).is_some())? {
                return Err("a broadcast frame was not answered".into());
            }
        }
        Ok(())
    }

    /// Returns the pool that answered a question.
    pub(super) fn pool(&self, number: u32) -> Option<u8> {
        self.asked.get(&number)?.pool
    }

    /// Takes what must not have come back since the last call.
    pub(super) fn take_fault(&mut self) -> Result<(), String> {
        let faults = std::mem::take(&mut self.faults);
        faults.into_iter().next().map_or(Ok(()), Err)
    }

    fn number(&mut self) -> u32 {
        self.next += 1;
        self.next
    }

    fn send(&mut self, bytes: &[u8]) -> Result<(), String> {
        let most = self.left(ANSWER);
        self.wire.send(bytes, most).map_err(|error| match error.kind() {
            ErrorKind::ConnectionRefused => "QEMU has ended: see what the firmware printed".to_owned(),
            _ => format!("QEMU does not read from the wire: {error}"),
        })
    }

    /// Receives until something holds; tells whether it does in time.
    fn until(&mut self, most: Duration, holds: impl Fn(&Self) -> bool) -> Result<bool, String> {
        let end = Instant::now() + self.left(most);
        while !holds(self) {
            let left = end.saturating_duration_since(Instant::now());
            // The wire's bound is for one frame: others may come for ever.
            if left.is_zero() {
                return Ok(false);
            }
            let received = self.wire.receive(left).map_err(|error| format!("the wire is broken: {error}"))?;
            let Some(bytes) = received else { return Ok(false) };
            self.note(&bytes);
        }
        Ok(true)
    }

    fn left(&self, most: Duration) -> Duration {
        most.min(self.deadline.saturating_duration_since(Instant::now()))
    }

    fn note(&mut self, bytes: &[u8]) {
        let fault = match frame::answer(bytes) {
            Some(Answer::Question { number, from, pool, rest }) => match self.asked.get_mut(&number) {
                None => Some(format!("frame {number} came back and was not asked")),
                Some(asked) if asked.pool.is_some() => Some(format!("frame {number} came back twice")),
                Some(asked) if asked.rest != rest => {
                    Some(format!("frame {number} came back with other bytes"))
                }
                Some(_) if pool != DEFAULT && from != machine(pool) => {
                    Some(format!("pool {pool} answered frame {number} under another address"))
                }
                Some(asked) => {
                    asked.pool = Some(pool);
                    None
                }
            },
            Some(Answer::Order { number, followed }) => match self.orders.get_mut(&number) {
                Some(answered) if answered.is_none() => {
                    *answered = Some(followed);
                    None
                }
                _ => Some(format!("order {number} was answered twice or never given")),
            },
            None => Some("something came back that nobody asked".into()),
        };
        self.faults.extend(fault);
    }
}

#[cfg(test)]
mod tests {
    use std::io;

    use super::*;

    /// A wire on which 100 frames wait that nobody asked for.
    struct Noisy(u32);

    impl Wire for Noisy {
        fn send(&mut self, _: &[u8], _: Duration) -> io::Result<()> {
            Ok(())
        }

        fn receive(&mut self, _: Duration) -> io::Result<Option<Vec<u8>>> {
            let next = self.0.checked_sub(1);
            self.0 = next.unwrap_or(0);
            Ok(next.map(|_| vec![0; 60]))
        }
    }

    #[test]
    fn frames_that_keep_arriving_do_not_prolong_the_wait() {
        let mut player = Player::new(Noisy(100), Instant::now());
        assert!(player.settle().is_err());
        assert_eq!(player.wire.0, 100, "the time was over");
    }
}
