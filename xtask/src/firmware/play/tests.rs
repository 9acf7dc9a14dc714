//! The chapters, played to a firmware that is made up, and to some with a mistake each.

use std::collections::VecDeque;
use std::io;
use std::time::{Duration, Instant};

use super::super::frame::{Address, HOST};
use super::*;

/// What the firmware does wrong.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum Mistake {
    None,
    /// QEMU's controller: strangers are not dropped.
    KeepsStrangers,
    /// Promiscuous mode is never switched on.
    DropsStrangers,
    /// Promiscuous mode is off after the reset.
    ForgetsPromiscuous,
    /// A filter names another pool.
    WrongFilter,
    /// The filter is never moved, removed or bound, although it says so.
    NoChange,
    /// A frame for the third machine is lost now and then: its ring is not refilled.
    Loses,
    /// An answer comes twice.
    Doubles,
    /// Bytes change on the way.
    Garbles,
    /// Broadcast reaches every pool.
    Floods,
    /// Nothing comes back at all: no bus master.
    Silent,
    /// Nothing comes back after the reset.
    SilentAfterReset,
    /// An order is refused.
    Refuses,
}

/// A firmware at the other end.
struct Firmware {
    mistake: Mistake,
    /// The pool of each machine's filter.
    filters: [u8; 4],
    orders: usize,
    promiscuous: bool,
    received: usize,
    answers: VecDeque<Vec<u8>>,
}

impl Firmware {
    fn answer(&mut self, frame: &[u8], pool: u8) {
        let from = if pool == DEFAULT { [2, 0, 0, 0, 0x75, 0xfe] } else { machine(pool) };
        let mut answer = frame.to_owned();
        answer[..6].copy_from_slice(&HOST);
        answer[6..12].copy_from_slice(&from);
        answer[19] = pool;
        if self.mistake == Mistake::Garbles && frame.len() > 60 {
            answer[1000] ^= 1;
        }
        self.answers.push_back(answer);
    }

    fn pools(&self, to: Address) -> Vec<u8> {
        match (1..4).find(|&pool| machine(pool) == to) {
            Some(own) => vec![self.filters[usize::from(own)]],
            None if to == BROADCAST && self.mistake == Mistake::Floods => vec![0, 1],
            None if to == BROADCAST || self.promiscuous || self.mistake == Mistake::KeepsStrangers => {
                vec![DEFAULT]
            }
            None => vec![],
        }
    }

    /// Follows the order: returns whether it did.
    fn follow(&mut self) -> bool {
        self.orders += 1;
        match self.orders {
            1 => self.promiscuous = self.mistake != Mistake::DropsStrangers,
            2..=4 if self.mistake == Mistake::NoChange => {}
            2 => self.filters[1] = if self.mistake == Mistake::WrongFilter { 3 } else { 2 },
            3 => self.filters[1] = DEFAULT,
            4 => self.filters[1] = 1,
            5 => return false, // no interrupts
            6 => return self.mistake != Mistake::Refuses,
            7 if self.mistake == Mistake::ForgetsPromiscuous => self.promiscuous = false,
            _ => {}
        }
        true
    }
}

impl Wire for Firmware {
    fn send(&mut self, frame: &[u8], _: Duration) -> io::Result<()> {
        self.received += 1;
        let to: Address = frame[..6].try_into().map_err(io::Error::other)?;
        let silent =
            self.mistake == Mistake::Silent || self.mistake == Mistake::SilentAfterReset && self.orders == 7;
        let lost = self.mistake == Mistake::Loses && to == machine(3) && self.received.is_multiple_of(7);
        if silent || lost {
            return Ok(());
        }
        if frame[18] == 1 {
            let mut answer = frame.to_owned();
            answer[..6].copy_from_slice(&HOST);
            answer[18] = if self.follow() { 2 } else { 3 };
            self.answers.push_back(answer);
            return Ok(());
        }
        for pool in self.pools(to) {
            self.answer(frame, pool);
            if self.mistake == Mistake::Doubles && self.received.is_multiple_of(20) {
                self.answer(frame, pool);
            }
        }
        Ok(())
    }

    fn receive(&mut self, _: Duration) -> io::Result<Option<Vec<u8>>> {
        Ok(self.answers.pop_front())
    }
}

fn played(mistake: Mistake, interrupts: bool) -> Played {
    let (orders, received, answers) = (0, 0, VecDeque::new());
    let wire = Firmware { mistake, filters: [0, 1, 2, 3], orders, promiscuous: false, received, answers };
    // Time passes only where nothing ever comes.
    let bound = Duration::from_millis(if mistake == Mistake::Silent { 50 } else { 60_000 });
    play(&mut Player::new(wire, Instant::now() + bound), interrupts)
}

/// Returns the checks that fail.
fn failed(mistake: Mistake) -> Vec<&'static str> {
    let outcomes = played(mistake, false).outcomes;
    assert_eq!(outcomes.len(), CHECKS.len());
    CHECKS
        .into_iter()
        .zip(&outcomes)
        .filter(|(_, outcome)| outcome.has_failed())
        .map(|(check, _)| check)
        .collect()
}

#[test]
fn a_firmware_without_mistakes_passes() {
    let Played { outcomes, to_the_end } = played(Mistake::None, false);
    assert!(to_the_end);
    for (check, outcome) in CHECKS.into_iter().zip(&outcomes) {
        let polled = check == "interrupts";
        assert_eq!(matches!(outcome, Outcome::NotApplicable(_)), polled, "{check}: {outcome:?}");
        assert!(polled || *outcome == Outcome::Passed(None), "{check}: {outcome:?}");
    }
}

#[test]
fn what_qemu_does_not_drop_is_said() {
    let outcomes = played(Mistake::KeepsStrangers, false).outcomes;
    // Where strangers come either way, that they come says nothing of promiscuous mode.
    for name in ["strangers_dropped", "strangers_when_promiscuous", "strangers_after_reset"] {
        let at = CHECKS.iter().position(|check| *check == name).unwrap();
        let said = matches!(&outcomes[at], Outcome::NotApplicable(why) if why.contains("no address filter"));
        assert!(said, "{name}: {:?}", outcomes[at]);
    }
    assert_eq!(failed(Mistake::KeepsStrangers), [""; 0]);
}

#[test]
fn each_mistake_is_found() {
    // The next chapter begins where the filter should have led.
    assert_eq!(failed(Mistake::WrongFilter), ["filter_moved", "filter_unbound"]);
    assert_eq!(failed(Mistake::NoChange), ["filter_moved", "filter_unbound"]);
    assert!(failed(Mistake::Loses).contains(&"frames_to_each_machine"));
    assert!(failed(Mistake::Doubles).contains(&"frames_to_each_machine"));
    assert!(failed(Mistake::Garbles).contains(&"frames_to_each_machine"));
    assert!(failed(Mistake::Floods).contains(&"broadcast_to_the_default_queue"));
    assert_eq!(failed(Mistake::DropsStrangers), ["strangers_when_promiscuous", "strangers_after_reset"]);
    assert_eq!(failed(Mistake::ForgetsPromiscuous), ["strangers_after_reset"]);
    assert_eq!(failed(Mistake::Refuses), ["queue_restarted"]);
}

#[test]
fn interrupts_that_are_not_taken_are_missed() {
    let outcomes = played(Mistake::None, true).outcomes;
    let interrupts = CHECKS.iter().position(|check| *check == "interrupts").unwrap();
    assert!(outcomes[interrupts].has_failed());
}

#[test]
fn what_was_not_reached_fails() {
    assert_eq!(failed(Mistake::SilentAfterReset), ["reset_and_restored", "strangers_after_reset"]);
    assert!(!played(Mistake::SilentAfterReset, false).to_the_end);
    assert_eq!(failed(Mistake::Silent), CHECKS);
}
