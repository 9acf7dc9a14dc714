//! The end of all DMA, and devices that are not there.

mod machine;

use core::cell::Cell;

use igb_hal::{I82575, I82576};
use machine::{Event, Machine};
use vmdq_hal::device::{Counters, Io, Life, Model};
use vmdq_hal::{Fault, Statistics};

// From FACTS.md, not from the generated table.
const CTRL: u32 = 0x0000;
const STATUS: u32 = 0x0008;
const RCTL: u32 = 0x0100;
const TCTL: u32 = 0x0400;
const MTA_0: u32 = 0x5200;
const VFTA_0: u32 = 0x5600;
const VLVF_0: u32 = 0x5d00;
const PBA: u32 = 0x1000;
const MASTER_DISABLE: u32 = 1 << 2;
const MASTER_ENABLE: u32 = 1 << 19;

fn holds(_: u32, written: Option<u32>) -> u32 {
    written.unwrap_or(0)
}

/// Every control register of the rings: of receive, then of transmit.
fn controls(model: &str) -> Vec<u32> {
    match model {
        "82575" => (0..4).map(|n| 0x2828 + 0x100 * n).chain((0..4).map(|n| 0x3828 + 0x100 * n)).collect(),
        _ => (0..16).map(|n| 0xc028 + 0x40 * n).chain((0..16).map(|n| 0xe028 + 0x40 * n)).collect(),
    }
}

fn quiesced<M: Model>(model: M) {
    let machine = Machine::new(holds);
    // SAFETY: no controller is there.
    let io = unsafe { Io::new(&machine) };
    assert_eq!(model.quiesce(io), Ok(()));
    let events = machine.events();
    let at = |event| events.iter().position(|&e| e == event);
    let disable = at(Event::Write(CTRL, MASTER_DISABLE)).expect("the master is disabled");
    for control in controls(model.limits().name) {
        let off = at(Event::Write(control, 0));
        assert!(off.is_some_and(|off| off < disable), "{control:#x} is off before the master is");
    }
    for (register, value) in [(RCTL, 0), (TCTL, 1 << 3)] {
        assert!(at(Event::Write(register, value)).is_some_and(|off| off < disable));
    }
    // The request is read back, before STATUS and after it; what is under way lands after the master was seen
    // quiet.
    assert_eq!(
        events[disable + 1..],
        [Event::Read(CTRL), Event::Read(STATUS), Event::Read(CTRL), Event::Wait(100)]
    );
}

#[test]
fn quiesce_turns_every_ring_off_then_the_master_and_waits() {
    quiesced(I82575);
    quiesced(I82576);
}

#[test]
fn quiesce_wants_to_see_the_master_quiet() {
    let busy = |at, written| if at == STATUS { MASTER_ENABLE } else { holds(at, written) };
    let machine = Machine::new(busy);
    // SAFETY: no controller is there.
    let io = unsafe { Io::new(&machine) };
    assert!(matches!(I82576.quiesce(io), Err(Fault::TimedOut(t)) if t.register.bytes() == STATUS));
    assert!(machine.waited() >= 80_000 && machine.waited() <= 100_000);
    // Where nobody decodes, STATUS reads as if the master were quiet.
    let nobody = Machine::new(|_, _| 0);
    // SAFETY: no controller is there.
    let quiesced = I82576.quiesce(unsafe { Io::new(&nobody) });
    assert!(matches!(quiesced, Err(Fault::TimedOut(t)) if t.register.bytes() == CTRL));
    let gone = Machine::new(|_, _| u32::MAX);
    // SAFETY: no controller is there.
    assert_eq!(I82575.quiesce(unsafe { Io::new(&gone) }), Err(Fault::Gone));
}

#[test]
fn registers_that_hold_nothing_are_seen() {
    let answers: [(&str, bool, fn(u32, Option<u32>) -> u32); 5] = [
        ("zeros", false, |_, _| 0),
        ("ones", false, |_, _| u32::MAX),
        ("one pattern", false, |_, _| 0x5aa5_c33c),
        ("half of the bits", false, |_, written| written.unwrap_or(0) & 0xffff),
        ("a register", true, |at, written| if at == PBA { 34 } else { holds(at, written) }),
    ];
    for (what, expected, answer) in answers {
        let machine = Machine::new(answer);
        // SAFETY: no controller is there.
        let io = unsafe { Io::new(&machine) };
        assert_eq!(I82575.holds_what_is_written(io), expected, "{what}");
        assert_eq!(I82576.holds_what_is_written(io), expected, "{what}");
        // The first of MTA, of VFTA and of VLVF alone, and each is left as `init` leaves it.
        for at in [MTA_0, VFTA_0, VLVF_0] {
            let last = machine.events().into_iter().rfind(|e| matches!(e, Event::Write(to, _) if *to == at));
            assert!(last.is_none_or(|last| last == Event::Write(at, 0)), "{last:?}");
        }
        let elsewhere = |e: &Event| matches!(e, Event::Write(to, _) if ![MTA_0, VFTA_0, VLVF_0].contains(to));
        assert!(!machine.events().iter().any(elsewhere));
        assert_eq!(I82576.is_gone(io), what == "ones");
    }
}

#[test]
fn the_sibling_is_seen() {
    let answers: [(&str, fn(u32, Option<u32>) -> u32); 2] = [
        // Neither has the register of the other.
        ("82575", |at, written| match at {
            PBA => 34,
            VLVF_0 => 0,
            _ => holds(at, written),
        }),
        ("82576", |at, written| if at == PBA { 0 } else { holds(at, written) }),
    ];
    for (what, answer) in answers {
        let machine = Machine::new(answer);
        // SAFETY: no controller is there.
        let io = unsafe { Io::new(&machine) };
        assert_eq!(I82575.holds_what_is_written(io), what == "82575", "{what}");
        assert_eq!(I82576.holds_what_is_written(io), what == "82576", "{what}");
        // No entry of VLVF is valid for a moment.
        let valid = |e: &Event| matches!(e, Event::Write(VLVF_0, value) if value >> 20 != 0);
        assert!(!machine.events().iter().any(valid));
    }
}

#[test]
fn a_device_that_is_gone_is_not_reset() {
    let machine = Machine::new(|_, _| u32::MAX);
    // SAFETY: no controller is there.
    assert_eq!(I82576.reset(unsafe { Io::new(&machine) }), Err(Fault::Gone));
    assert_eq!(machine.events(), [Event::Read(STATUS)]);
}

#[test]
fn a_device_that_goes_counts_nothing() {
    let before = Statistics::default();
    // It answers so many reads, then all ones.
    for answered in [0, 1, 5, 11] {
        let left = Cell::new(answered);
        let machine = Machine::new(move |_, _| match left.get() {
            0 => u32::MAX,
            n => {
                left.set(n - 1);
                3
            }
        });
        let mut statistics = before;
        // SAFETY: no controller is there.
        I82575.add_to(unsafe { Io::new(&machine) }, &mut statistics);
        assert_eq!(statistics, before, "{answered} reads are answered");
    }
    let mut statistics = before;
    let machine = Machine::new(|_, _| 3);
    // SAFETY: no controller is there.
    I82576.add_to(unsafe { Io::new(&machine) }, &mut statistics);
    assert_eq!((statistics.received, statistics.no_descriptor), (3, 3 * 8));
}

#[test]
fn a_model_is_a_value_without_size() {
    let (copy, other) = (I82576, I82576);
    assert_eq!((size_of_val(&copy), format!("{other:?}")), (0, "82576".to_string()));
    assert_eq!((I82575.limits().pools, I82576.limits().pools), (4, 8));
    assert_eq!((I82575.limits().filters, I82576.limits().filters), (15, 23));
}
