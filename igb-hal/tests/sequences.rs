//! What is written to the controllers, and in which order.

mod machine;

use igb_hal::regs::{CTRL, Common};
use igb_hal::{I82575, I82576};
use machine::{Event, Machine};
use vmdq_hal::device::{
    DefaultPoolChoice, Filters, HeaderReplication, Io, Model, NotStopped, Pools, Queues, ReceiveSetup,
    RingKind, RingSetup, Vectors,
};
use vmdq_hal::{Causes, Config, Fault, FilterIndex, MacAddress, PoolIndex, PoolSet, RingIndex, VectorIndex};

const ENABLE: u32 = 1 << 25;
const ADDRESS: MacAddress = MacAddress([0x02, 0x11, 0x22, 0x33, 0x44, 0x55]);

fn holds(_: u32, written: Option<u32>) -> u32 {
    written.unwrap_or(0)
}

/// Runs `with` on registers that hold what is written; returns the writes.
fn writes<T>(with: impl FnOnce(Io<'_, Machine>) -> T) -> (T, Vec<(u32, u32)>) {
    let machine = Machine::new(holds);
    // SAFETY: no controller is there.
    let value = with(unsafe { Io::new(&machine) });
    let write = |event: &Event| match *event {
        Event::Write(at, value) => Some((at, value)),
        _ => None,
    };
    (value, machine.events().iter().filter_map(write).collect())
}

#[test]
fn a_filter_is_written_low_then_high_and_removed_high_then_low() {
    let (entry, pool) = (FilterIndex::new(3), PoolIndex::new(2));
    // QSEL is a number at bit 18; POOLSEL a set from bit 18 on.
    fn each<M: Model>(model: M, entry: FilterIndex, pool: PoolIndex, destination: u32) {
        let (low, high) = (0x3322_1102, 0x5544 | 1 << 31);
        let added = writes(|io| model.add(io, entry, ADDRESS, pool)).1;
        assert_eq!(added, [(0x5418, low), (0x541c, high | destination << 18)]);
        let moved = writes(|io| model.redirect(io, entry, ADDRESS, PoolIndex::new(0))).1;
        let first = if model.limits().pools == 8 { 1 << 18 } else { 0 };
        assert_eq!(moved, [(0x541c, high | first)]);
        assert_eq!(writes(|io| model.remove(io, entry)).1, [(0x541c, 0), (0x5418, 0)]);
    }
    each(I82575, entry, pool, 2);
    each(I82576, entry, pool, 1 << 2);
    // The last eight of the 82576 are in a window of their own.
    let added = writes(|io| I82576.add(io, FilterIndex::new(16), ADDRESS, pool)).1;
    assert_eq!((added[0].0, added[1].0), (0x54e0, 0x54e4));
}

#[test]
fn a_field_reads_as_set_if_any_of_its_bits_is() {
    let ((up, reset), _) = writes(|io| {
        let control = Common::CTRL.on(io);
        control.set(1 << 6);
        (control.is_set(CTRL::SLU), control.is_set(CTRL::RST))
    });
    assert!(up && !reset);
}

fn setup(ring: u8, first: u32) -> RingSetup {
    RingSetup {
        ring: RingIndex::new(ring),
        pool: PoolIndex::new(ring),
        base: 0x1_2345_6780,
        descriptors: 64,
        first,
    }
}

fn receive(header: Option<u8>) -> ReceiveSetup {
    ReceiveSetup {
        size: Config::DEFAULT.buffer_size().expect("a size"),
        header,
        drops: true,
        strip_tags: false,
    }
}

#[test]
fn a_receive_ring_is_enabled_last() {
    // SAFETY: no controller is there.
    let (seen, of_82576) = writes(|io| unsafe { I82576.start_receive(io, setup(1, 0), receive(None)) });
    assert_eq!(seen, Ok(true));
    let at = |register: u32| 0xc040 + register;
    assert_eq!(
        of_82576,
        [
            (at(0x28), 0),
            (at(0x00), 0x2345_6780),
            (at(0x04), 1),
            (at(0x08), 64 * 16),
            (at(0x10), 0),
            (at(0x18), 0),
            (0x5484, 0),
            (at(0x0c), 2 | 1 << 25),
            (at(0x28), ENABLE | 1 << 16 | 8 << 8 | 8),
        ]
    );
    // The 82575 ignores a tail that is written now, and drops by SRRCTL.
    // SAFETY: no controller is there.
    let (_, of_82575) = writes(|io| unsafe { I82575.start_receive(io, setup(1, 9), receive(Some(4))) });
    let at = |register: u32| 0x2900 + register;
    assert!(of_82575.contains(&(at(0x10), 9)) && of_82575.iter().all(|&(register, _)| register != at(0x18)));
    assert!(
        of_82575.contains(&(0x5484, 0x3ff)) && of_82575.contains(&(at(0x0c), 1 << 31 | 3 << 25 | 4 << 8 | 2))
    );
    assert_eq!(of_82575.last(), Some(&(at(0x28), ENABLE | 1 << 16 | 8 << 8 | 8)));
}

#[test]
fn a_transmit_ring_is_enabled_last() {
    // SAFETY: no controller is there.
    let (seen, written) = writes(|io| unsafe { I82576.start_transmit(io, setup(7, 0)) });
    assert_eq!(seen, Ok(true));
    let registers: Vec<_> = written.iter().map(|&(register, _)| register - 0xe1c0).collect();
    assert_eq!(registers, [0x28, 0x00, 0x04, 0x08, 0x10, 0x18, 0x28]);
    assert_eq!(written.last(), Some(&(0xe1c0 + 0x28, ENABLE | 1 << 16 | 1 << 8 | 8)));
}

#[test]
fn a_ring_that_is_on_is_not_handed_over() {
    let machine = Machine::new(|_, _| ENABLE);
    // SAFETY: no controller is there.
    let io = unsafe { Io::new(&machine) };
    // SAFETY: no controller is there.
    assert!(unsafe { I82576.start_receive(io, setup(0, 0), receive(None)) }.is_err());
    // SAFETY: no controller is there.
    assert!(unsafe { I82576.start_transmit(io, setup(0, 0)) }.is_err());
    let writes = machine.events().into_iter().filter(|event| matches!(event, Event::Write(..)));
    assert_eq!(writes.collect::<Vec<_>>(), [Event::Write(0xc028, 0), Event::Write(0xe028, 0)]);
}

#[test]
fn a_ring_that_was_never_on_was_not_stopped() {
    let (result, written) = writes(|io| I82575.stop(io, RingKind::Receive, RingIndex::new(2), &mut false));
    assert!(matches!(result, Err(NotStopped::Fault(_))) && written.is_empty());
    let (result, _) = writes(|io| I82575.stop(io, RingKind::Transmit, RingIndex::new(2), &mut false));
    assert!(matches!(result, Err(NotStopped::Fault(_))));
}

#[test]
fn a_ring_that_stays_on_was_not_stopped() {
    let machine = Machine::new(|at, _| if at == 0xc068 || at == 0xe068 { ENABLE } else { 0 });
    // SAFETY: no controller is there.
    let io = unsafe { Io::new(&machine) };
    for (result, control) in [
        (I82576.stop(io, RingKind::Receive, RingIndex::new(1), &mut true), 0xc068),
        (I82576.stop(io, RingKind::Transmit, RingIndex::new(1), &mut false), 0xe068),
    ] {
        let at = |fault| matches!(fault, Fault::TimedOut(t) if t.register.bytes() == control);
        assert!(matches!(result, Err(NotStopped::Fault(fault)) if at(fault)), "{result:?}");
    }
}

#[test]
fn memory_comes_back_after_what_is_under_way() {
    for stop in [
        |io: Io<'_, Machine>| I82576.stop(io, RingKind::Receive, RingIndex::new(1), &mut true),
        |io: Io<'_, Machine>| I82576.stop(io, RingKind::Transmit, RingIndex::new(1), &mut true),
    ] {
        // The lengths of the rings: with 0 there, no device would decode the window.
        let machine = Machine::new(|at, written| match at {
            0xc048 | 0xe048 => 128,
            _ => holds(at, written),
        });
        // SAFETY: no controller is there.
        assert_eq!(stop(unsafe { Io::new(&machine) }), Ok(()));
        assert_eq!(machine.events().last(), Some(&Event::Wait(100)));
    }
}

#[test]
fn a_transmit_ring_sends_what_it_holds_before_it_stops() {
    const CONTROL: u32 = 0xe028;
    // The head follows the tail at the fourth question, or never.
    for sends_after in [4, u32::MAX] {
        let asked = core::cell::Cell::new(0);
        let machine = Machine::new(move |at, written| match at {
            0xe010 => {
                asked.set(asked.get() + 1);
                if asked.get() >= sends_after { 5 } else { 1 }
            }
            0xe018 => 5,
            0xe008 => 128,
            CONTROL => written.unwrap_or(ENABLE),
            _ => 0,
        });
        // SAFETY: no controller is there.
        let io = unsafe { Io::new(&machine) };
        assert_eq!(I82576.stop(io, RingKind::Transmit, RingIndex::new(0), &mut true), Ok(()));
        let events = machine.events();
        let off = events.iter().position(|&event| event == Event::Write(CONTROL, 0)).expect("it is disabled");
        let asked = events[..off].iter().filter(|&&event| event == Event::Read(0xe010)).count();
        assert_eq!(asked, if sends_after == 4 { 4 } else { 11 });
        assert!(machine.waited() < 30_000);
    }
}

#[test]
fn what_models_do_unlike_each_other_on_rings() {
    let machine = Machine::new(|at, _| if at == 0x2a18 { 5 } else { 7 });
    // SAFETY: no controller is there.
    let io = unsafe { Io::new(&machine) };
    let two = RingIndex::new(2);
    for (kind, first) in [(RingKind::Receive, 5), (RingKind::Transmit, 7)] {
        assert_eq!(I82575.first_descriptor(io, kind, two), first);
        assert_eq!(I82576.first_descriptor(io, kind, two), 0);
    }
    assert_eq!((I82575.transmit_context(two), I82576.transmit_context(two)), (2, 0));
    assert_eq!(
        (I82575.tail(RingKind::Receive, two).bytes(), I82576.tail(RingKind::Receive, two).bytes()),
        (0x2a18, 0xc098)
    );
    assert_eq!(
        (I82575.tail(RingKind::Transmit, two).bytes(), I82576.tail(RingKind::Transmit, two).bytes()),
        (0x3a18, 0xe098)
    );
    assert_eq!(I82575.receive_errors(), 0x9700_0000);
    assert_eq!((I82575.largest_header(), I82576.largest_header()), (Ok(960), Ok(960)));
}

#[test]
fn the_receiver_is_turned_on_last() {
    let config = Config::DEFAULT;
    for written in [writes(|io| I82575.enable(io, &config)).1, writes(|io| I82576.enable(io, &config)).1] {
        let (register, value) = written[written.len() - 1];
        assert!(register == 0x0100 && value & 1 << 1 != 0);
        let sorted = written.iter().position(|&write| write == (0x5818, 3)).expect("MRQC");
        let earlier = &written[..written.len() - 1];
        assert!(sorted < earlier.len() && earlier.iter().all(|&(register, _)| register != 0x0100));
    }
}

#[test]
fn another_default_pool_is_set_with_the_receiver_off() {
    let config = Config { default_drops: false, ..Config::DEFAULT };
    let (_, chosen) = writes(|io| I82576.set_default(io, &config, PoolIndex::new(5)));
    let restored = writes(|io| I82576.restore_default(io, &config, PoolIndex::new(5))).1;
    assert_eq!(chosen, restored);
    assert_eq!((chosen[0], chosen[chosen.len() - 1]), ((0x0100, 0), (0x0100, 1 << 1)));
    // QDE: all queues but the default one drop; VT_CTL.DEF_PL; the port's own address.
    for write in [(0x2408, 0xffdf), (0x581c, 5 << 7), (0x5404, 1 << (18 + 5))] {
        assert!(chosen.contains(&write), "{write:x?}");
    }
    assert!(writes(|io| I82575.restore_default(io, &config, PoolIndex::new(1))).1.is_empty());
}

#[test]
fn causes_lead_to_vectors() {
    let (vector, pool) = (VectorIndex::new(4), PoolIndex::new(2));
    let routed = writes(|io| I82575.route(io, vector, pool)).1;
    assert_eq!(routed, [(0x1610, 0x404), (0x152c, 0x404), (0x1530, 0x404)]);
    let routed = writes(|io| I82576.route(io, vector, pool)).1;
    assert_eq!(routed, [(0x1708, 0x8484), (0x152c, 1 << 4), (0x1530, 1 << 4)]);
    let others = writes(|io| I82575.route_others(io, vector)).1;
    assert_eq!(others[0], (0x1610, 1 << 31));
    assert_eq!(others.last(), Some(&(0x00d0, 1 << 2 | 1 << 6 | 1 << 22 | 1 << 28)));
    assert_eq!(writes(|io| I82576.route_others(io, vector)).1[0], (0x1740, 0x8400));
    // Bits of causes on the 82575, of vectors on the 82576.
    let machine = Machine::new(|_, _| 0x404);
    // SAFETY: no controller is there.
    let io = unsafe { Io::new(&machine) };
    assert_eq!(I82575.mask_bits(io, vector, PoolSet::EMPTY, false), 0x404);
    assert_eq!(I82576.mask_bits(io, vector, PoolSet::EMPTY, false), 1 << 4);
    assert_eq!(I82576.causes(io), Causes::LINK);
}

#[test]
fn a_pool_keeps_no_cause_at_its_earlier_vector() {
    let machine = Machine::new(holds);
    // SAFETY: no controller is there.
    let io = unsafe { Io::new(&machine) };
    I82575.route(io, VectorIndex::new(1), PoolIndex::new(0));
    I82575.route(io, VectorIndex::new(1), PoolIndex::new(3));
    I82575.route(io, VectorIndex::new(2), PoolIndex::new(0));
    let bits = [1, 2].map(|vector| I82575.mask_bits(io, VectorIndex::new(vector), PoolSet::EMPTY, false));
    assert_eq!(bits, [0x808, 0x101]);
}
