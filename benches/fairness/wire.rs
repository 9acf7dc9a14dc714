//! One wire, some virtual machines that behave and some that don't.
//!
//! Time goes in slots of 84 bytes, a shortest frame each. In each slot virtual machines post frames
//! at their rate, in random order; a frame that finds its queue full is lost.

use fastrand::Rng;
use vmdq_core::fair::wire_bytes;

use crate::arbiter::{Arbiter, Discipline, Waiting};

/// Bytes of a slot.
pub(crate) const SLOT: u64 = 84;
const SLOTS: u64 = 1 << 20;
/// Slots before anything is counted.
const WARM_UP: u64 = 1 << 16;
/// The length of frames of who behaves.
pub(crate) const GOOD_LEN: u16 = 60;

/// What virtual machines do.
#[derive(Clone)]
pub(crate) struct Case {
    pub(crate) name: &'static str,
    pub(crate) members: usize,
    /// How many frames at the beginning are bad.
    pub(crate) bad: usize,
    pub(crate) bad_len: u16,
    /// What each bad one offers, of the wire.
    pub(crate) bad_load: f64,
    /// What each good one offers, of the wire.
    pub(crate) good_load: f64,
    /// In all queues together.
    pub(crate) descriptors: usize,
    pub(crate) weights: fn(usize) -> u16,
}

/// What came of it.
#[derive(Clone)]
pub(crate) struct Outcome {
    pub(crate) frames: Vec<f64>,
    /// Each member's share of the wire.
    pub(crate) share: Vec<f64>,
    pub(crate) offered: u64,
    pub(crate) lost: u64,
    /// Delays of good members' frames, in slots.
    pub(crate) mean: f64,
    pub(crate) p99: u64,
}

/// Jain's index: 1 if all are equal, 1/n if one has all.
pub(crate) fn jain(shares: &[f64]) -> f64 {
    let sum: f64 = shares.iter().sum();
    let squares: f64 = shares.iter().map(|share| share * share).sum();
    sum * sum / (shares.len() as f64 * squares)
}

/// Runs a case. The seed is the case's, so that each discipline sees the same posts.
pub(crate) fn run(case: &Case, discipline: Discipline, seed: u64) -> Outcome {
    let mut rng = Rng::with_seed(seed);
    let weights: Vec<u16> = (0..case.members).map(case.weights).collect();
    let mut arbiter = Arbiter::new(discipline, &weights, case.descriptors);
    let len = |member| if member < case.bad { case.bad_len } else { GOOD_LEN };
    let rate: Vec<f64> = (0..case.members)
        .map(|member| {
            let load = if member < case.bad { case.bad_load } else { case.good_load };
            load * SLOT as f64 / f64::from(wire_bytes(len(member)))
        })
        .collect();
    let mut posts = Vec::new();
    let mut delays: Vec<u64> = Vec::new();
    let (mut frames, mut bytes) = (vec![0_u64; case.members], vec![0_u64; case.members]);
    let (mut offered, mut lost) = (0, 0);
    // When the wire is free, in bytes.
    let mut free = 0;
    for slot in 0..SLOTS {
        let counted = slot >= WARM_UP;
        posts.clear();
        for (member, rate) in rate.iter().enumerate() {
            let certain = rate.trunc();
            let frames = certain as usize + usize::from(rng.f64() < rate - certain);
            posts.extend(std::iter::repeat_n(member, frames));
        }
        rng.shuffle(&mut posts);
        for &member in &posts {
            let taken = arbiter.offer(Waiting { member, len: len(member), since: slot });
            if counted && member >= case.bad {
                offered += 1;
                lost += u64::from(!taken);
            }
        }
        let now = slot * SLOT;
        while free <= now {
            let Some(frame) = arbiter.next() else {
                free = now + SLOT;
                break;
            };
            let cost = u64::from(wire_bytes(frame.len));
            free += cost;
            if counted {
                frames[frame.member] += 1;
                bytes[frame.member] += cost;
                if frame.member >= case.bad {
                    let delay = (free / SLOT - frame.since) as usize;
                    if delay >= delays.len() {
                        delays.resize(delay + 1, 0);
                    }
                    delays[delay] += 1;
                }
            }
        }
    }
    let wire = ((SLOTS - WARM_UP) * SLOT) as f64;
    let sent: u64 = delays.iter().sum();
    let total: u64 = delays.iter().enumerate().map(|(delay, frames)| delay as u64 * frames).sum();
    let mut below = 0;
    let p99 = delays.iter().position(|frames| {
        below += frames;
        below * 100 >= sent * 99
    });
    Outcome {
        frames: frames.iter().map(|&frames| frames as f64).collect(),
        share: bytes.iter().map(|&bytes| bytes as f64 / wire).collect(),
        offered,
        lost,
        mean: total as f64 / sent as f64,
        p99: p99.unwrap_or(0) as u64,
    }
}
