//! Asking for the link takes a second at most, whoever holds the PHY's semaphore.

mod machine;

use core::cell::Cell;

use igb_hal::{I82575, I82576};
use machine::Machine;
use vmdq_hal::Fault;
use vmdq_hal::device::{Io, LinkControl};

// From FACTS.md, not from the generated table.
const STATUS: u32 = 0x0008;
const MDIC: u32 = 0x0020;
const SWSM: u32 = 0x5b50;
const SW_FW_SYNC: u32 = 0x5b5c;
const SMBI: u32 = 1;
const SWESMBI: u32 = 2;

fn start<M: LinkControl>(
    model: M,
    answer: impl Fn(u32, Option<u32>) -> u32 + 'static,
) -> (Result<(), Fault>, u64) {
    let machine = Machine::new(answer);
    // SAFETY: no controller is there.
    let io = unsafe { Io::new(&machine) };
    (model.start(io), machine.waited())
}

/// Both models, since both have to keep the bound.
fn bounded(answer: impl Fn(u32, Option<u32>) -> u32 + Clone + 'static) -> Result<(), Fault> {
    let (result, waited) = start(I82575, answer.clone());
    assert!(waited <= 1_000_000, "82575: {waited} us");
    let (other, waited) = start(I82576, answer);
    assert!(waited <= 1_000_000, "82576: {waited} us");
    assert_eq!(result, other);
    result
}

#[track_caller]
fn times_out_at(register: u32, result: Result<(), Fault>) {
    assert!(matches!(result, Err(Fault::TimedOut(t)) if t.register.bytes() == register), "{result:?}");
}

/// A device whose semaphores are free and whose PHY answers.
fn works(at: u32, written: Option<u32>) -> u32 {
    match at {
        MDIC => written.unwrap_or(0) | 1 << 28,
        SWSM => written.unwrap_or(0) & SWESMBI,
        _ => written.unwrap_or(0),
    }
}

#[test]
fn a_free_phy_is_told_to_negotiate_without_a_wait() {
    for (port, own) in [(0, 1 << 1), (1, 1 << 2), (2, 1 << 5), (3, 1 << 6)] {
        let machine =
            Machine::new(move |at, written| if at == STATUS { port << 2 } else { works(at, written) });
        // SAFETY: no controller is there.
        let io = unsafe { Io::new(&machine) };
        assert_eq!(I82576.start(io), Ok(()));
        assert_eq!(machine.waited(), 0);
        let writes = |register| {
            let events = machine.events();
            let of = move |event: &machine::Event| match *event {
                machine::Event::Write(at, value) if at == register => Some(value),
                _ => None,
            };
            events.iter().filter_map(of).collect::<Vec<_>>()
        };
        // PHY 1, register 0, a write of 0x1200.
        assert_eq!(writes(MDIC), [1 << 26 | 1 << 21 | 0x1200]);
        assert_eq!(writes(SW_FW_SYNC), [own, 0], "port {port}: taken, given back");
    }
}

#[test]
fn zeros_and_ones() {
    times_out_at(SWSM, bounded(|_, _| 0));
    assert_eq!(bounded(|_, _| u32::MAX), Err(Fault::Gone));
}

#[test]
fn a_lock_that_is_never_given_back() {
    times_out_at(SWSM, bounded(|at, written| if at == SWSM { SMBI } else { works(at, written) }));
    times_out_at(SWSM, bounded(|at, written| if at == SWSM { 0 } else { works(at, written) }));
}

#[test]
fn a_phy_that_firmware_never_gives_back() {
    let held = |at, written| if at == SW_FW_SYNC { 1 << 17 } else { works(at, written) };
    times_out_at(SW_FW_SYNC, bounded(held));
}

#[test]
fn locks_that_come_late_while_firmware_holds_the_phy() {
    // Each lock is free at the 1500th question only: 75 ms each, which 200 tries would add up to half a minute.
    for late in [2, 400, 1500, 1999] {
        let asked = Cell::new(0);
        let answer = move |at, written: Option<u32>| match at {
            SWSM => {
                asked.set(asked.get() + 1);
                let free = asked.get() % late == 0;
                if free { SWESMBI } else { SMBI }
            }
            SW_FW_SYNC => 1 << 17,
            _ => works(at, written),
        };
        assert!(bounded(answer).is_err());
    }
}

#[test]
fn a_phy_that_is_never_done_and_locks_that_come_late() {
    let late = |hold: u32| {
        let asked = Cell::new(0);
        move |at, written: Option<u32>| match at {
            // The lock is free at once to take the semaphore, and never to give it back.
            SWSM => {
                asked.set(asked.get() + 1);
                if asked.get() <= hold { SWESMBI } else { SMBI }
            }
            MDIC => 0,
            _ => works(at, written),
        }
    };
    times_out_at(MDIC, bounded(late(4)));
    times_out_at(MDIC, bounded(|at, written| if at == MDIC { 0 } else { works(at, written) }));
}

#[test]
fn a_phy_that_refuses() {
    let refuses = |at, written| if at == MDIC { 1 << 28 | 1 << 30 } else { works(at, written) };
    times_out_at(MDIC, bounded(refuses));
}
