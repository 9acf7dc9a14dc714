//! Each rule fires when it is broken, and names register and value. The other test programs show that
//! legal sequences break none.

mod common;

use core::ptr::NonNull;

use common::*;
use vmdq_hal::dma::{Direction, DmaSpace};
use vmdq_sim::Rule::*;
use vmdq_sim::{Settled, Sim, Testbed};

const RX1: u32 = 0x2900;
const TX1: u32 = 0x3900;

fn i82575() -> RawDriver {
    let driver = RawDriver::new(Sim::i82575());
    igb_up(&driver);
    driver.set(0x0400, 1 << 1);
    driver
}

fn i82598() -> RawDriver {
    let driver = RawDriver::new(Sim::i82598());
    ixgbe_up(&driver);
    driver
}

/// An 82575 that puts everything into queue 0, whose ring has 8 descriptors.
fn receiving() -> (RawDriver, Ring) {
    let driver = i82575();
    let ring = driver.ring(0x2800, 8);
    driver.write(0x280C, ONE_BUFFER);
    driver.start(&ring);
    driver.write(0x0100, 1 << 1 | 1 << 3 | 1 << 26);
    (driver, ring)
}

/// What one transmit descriptor breaks on queue 1.
fn sending(sim: Sim, words: impl FnOnce(&Ring) -> [u64; 2]) -> Vec<vmdq_sim::Rule> {
    let tens = sim.kind() == vmdq_sim::Kind::I82598;
    let mut driver = RawDriver::new(sim);
    if tens {
        ixgbe_up(&driver);
    } else {
        igb_up(&driver);
        driver.set(0x0400, 1 << 1);
    }
    let mut ring = driver.ring(if tens { 0x6040 } else { TX1 }, 8);
    driver.start(&ring);
    let words = words(&ring);
    ring.put(0, words);
    driver.broken_by(|driver| {
        driver.write(ring.at + 0x18, 1);
        assert_eq!(driver.sim.settle(), Settled::Idle);
    })
}

#[test]
fn registers_that_the_device_lacks() {
    let lacks = [
        (Sim::i82575(), vec![0x5AD0, 0x0C8C, 0x1514, 0x1700, 0xC000, 0xE000, 0x2408, 0x5D00, 0x54E0]),
        (Sim::i82576(), vec![0x1600, 0x1000, 0xB000, 0x5B1C]),
        (Sim::i82598(), vec![0xF000, 0x51B0, 0xA600 + 0x400, 0xD000, 0x4900, 0x0A00]),
    ];
    for (sim, offsets) in lacks {
        let mut driver = RawDriver::new(sim);
        for at in offsets {
            assert_eq!(
                driver.broken_by(|driver| assert_eq!(driver.read(at), 0)),
                [NoSuchRegister],
                "{at:#x}"
            );
            assert_eq!(driver.broken_by(|driver| driver.write(at, 1)), [NoSuchRegister], "{at:#x}");
        }
    }
    let driver = RawDriver::new(Sim::i82576());
    driver.write(0x1600, 0xabc);
    let said = driver.sim.violations()[0].to_string();
    assert!(said.contains("0x01600") && said.contains("0x00000abc") && said.contains("82576"), "{said}");
}

#[test]
fn reserved_bits() {
    let mut driver = i82575();
    assert_eq!(driver.broken_by(|driver| driver.write(RAH + 8, 1 << 20)), [ReservedBit]);
    assert_eq!(driver.read(RAH + 8), 0, "ignored on write");
    assert_eq!(driver.broken_by(|driver| driver.write(0x0100, 1 << 10)), [ReservedBit], "RCTL.DTYP");
    assert_eq!(driver.broken_by(|driver| driver.write(0x5818, 1 << 4)), [ReservedBit], "MRQC");

    let mut driver = RawDriver::new(Sim::i82576());
    assert_eq!(driver.broken_by(|driver| driver.set(0x0018, 1 << 31)), [ReservedBit], "CTRL_EXT.PBA_CLR");
    assert_eq!(driver.broken_by(|driver| driver.set(0x0018, 1 << 28)), []);

    let mut driver = i82598();
    assert_eq!(driver.broken_by(|driver| driver.clear(0x4240, 1 << 3)), [ReservedBit], "HLREG0 keeps 9:3");
    assert_eq!(driver.broken_by(|driver| driver.set(0x4240, 1 << 2)), []);
    assert_eq!(driver.broken_by(|driver| driver.write(RAH + 8, 1 << 22)), [ReservedBit]);
}

#[test]
fn the_wrong_order() {
    let (mut driver, _ring) = receiving();
    assert_eq!(driver.broken_by(|driver| driver.write(0x5818, 3)), [WrongOrder], "MRQC under RXEN");
    assert_eq!(driver.broken_by(|driver| driver.write(0x5818, 3)), [], "no change");
    assert_eq!(driver.broken_by(|driver| driver.write(0x2808, 256)), [WrongOrder], "RDLEN under ENABLE");
    assert_eq!(
        driver.broken_by(|driver| driver.write(RX1 + 0x18, 3)),
        [WrongOrder],
        "RDT of a disabled queue"
    );
    assert_eq!(driver.read(RX1 + 0x18), 0, "ignored");
    assert_eq!(
        driver.broken_by(|driver| driver.write(TX1 + 0x18, 3)),
        [WrongOrder],
        "TDT of a disabled queue"
    );
    assert_eq!(driver.broken_by(|driver| driver.write(RAH, 0)), [WrongOrder], "RAR0 loses AV");

    // Right: RAL, then AV; AV off, then RAL. Wrong: RAL under AV.
    assert_eq!(driver.broken_by(|driver| (driver.write(RAL + 8, 2), driver.write(RAH + 8, AV)).1), []);
    assert_eq!(driver.broken_by(|driver| driver.write(RAL + 8, 6)), [WrongOrder]);
    assert_eq!(driver.broken_by(|driver| driver.write(RAH + 8, AV | 1)), [WrongOrder]);
    assert_eq!(driver.broken_by(|driver| driver.write(RAH + 8, AV | 1 | 1 << 18)), [], "a move");
    assert_eq!(driver.broken_by(|driver| (driver.write(RAH + 8, 0), driver.write(RAL + 8, 0)).1), []);
}

#[test]
fn a_reset_is_waited_for() {
    let mut driver = i82575();
    assert_eq!(driver.broken_by(|driver| driver.set(CTRL, RST)), []);
    assert_eq!(driver.broken_by(|driver| driver.write(0x00D8, 1)), [WrongOrder]);
    driver.wait_ms(1);
    assert_eq!(driver.read(CTRL) & RST, 0);
    assert_eq!(
        driver.broken_by(|driver| driver.write(0x00D8, 1)),
        [WrongOrder],
        "the NVM is still being read"
    );
    driver.wait_ms(2);
    assert_eq!(driver.broken_by(|driver| driver.write(0x00D8, 1)), []);
}

#[test]
fn queue_0_is_on_after_a_reset() {
    let mut driver = RawDriver::new(Sim::i82576());
    assert_ne!(driver.read(0xC028) & ENABLE, 0);
    assert_eq!(driver.broken_by(|driver| driver.write(0xC008, 128)), [WrongOrder]);
}

#[test]
fn vectors_are_set_up_after_gpie() {
    let mut driver = RawDriver::new(Sim::i82576());
    assert_eq!(
        driver.broken_by(|driver| (driver.write(0x1700, 0x80), driver.write(0x1514, 1 << 4)).1),
        [WrongOrder]
    );
    assert_eq!(driver.read(0x1700), 0, "does not stick");
}

#[test]
fn the_receive_path_stops_after_its_queues() {
    let mut driver = i82598();
    let ring = driver.ring(0x1040, 8);
    driver.start(&ring);
    driver.write(0x3000, 3);
    for (at, value) in [(0x5080, 1 << 10), (0x581C, 1), (0x2F00, 1 << 5), (0x5000, 1 << 13)] {
        assert_eq!(driver.broken_by(|driver| driver.set(at, value)), [WrongOrder], "{at:#x} under RXEN");
    }
    driver.write(0x3000, 0);
    driver.clear(0x2F00, 1 << 5);
    assert_eq!(driver.broken_by(|driver| driver.write(0x3000, 3)), [WrongOrder], "DS98 p136");
    driver.stop(&ring);
    driver.write(0x3000, 0);
    assert_eq!(driver.broken_by(|driver| driver.write(0x3000, 3)), []);
    driver.write(0x3000, 0);
    driver.set(0x2F00, 1 << 5);
    assert_eq!(
        driver.broken_by(|driver| driver.write(0x3000, 3)),
        [WrongOrder],
        "SRRCTL of 16 indices under MVMEN"
    );
}

#[test]
fn the_firmware_semaphore_is_under_the_software_one() {
    let mut driver = i82575();
    assert_eq!(driver.broken_by(|driver| driver.write(0x5B5C, 2)), [WrongOrder]);
    driver.read(0x5B50);
    driver.write(0x5B50, 3);
    assert_eq!(driver.broken_by(|driver| driver.write(0x5B5C, 2)), []);
}

#[test]
fn tails_beyond_the_ring() {
    let (mut driver, _ring) = receiving();
    assert_eq!(driver.broken_by(|driver| driver.write(0x2818, 8)), [TailBeyondRing]);
    assert_eq!(driver.broken_by(|driver| driver.write(0x2818, 7)), []);
}

#[test]
fn rings_that_the_device_does_not_support() {
    let mut driver = i82575();
    let start = |driver: &mut RawDriver, base: u32, len: u32| {
        driver.broken_by(|driver| {
            driver.write(RX1, base);
            driver.write(RX1 + 8, len);
            driver.write(RX1 + 0x28, ENABLE);
            driver.write(RX1 + 0x28, 0);
            driver.wait_ms(1);
        })
    };
    assert_eq!(start(&mut driver, 0x1000, 0), [BadRing]);
    assert_eq!(start(&mut driver, 0x1000, 144), [BadRing]);
    assert_eq!(start(&mut driver, 0x1040, 128), [BadRing]);
    assert_eq!(start(&mut driver, 0x1080, 128), []);
}

#[test]
fn receive_descriptors_that_are_not_ready() {
    let (mut driver, mut ring) = receiving();
    ring.put(0, [ring.buffer(0), 1]);
    ring.put(1, [0, 0]);
    driver.write(0x2818, 2);
    assert_eq!(
        driver.broken_by(|driver| assert_eq!(driver.arrive(&[frame(mac(1), 60, 1)]), Settled::Idle)),
        [DescriptorNotReady]
    );
    assert_eq!(
        driver.broken_by(|driver| assert_eq!(driver.arrive(&[frame(mac(1), 60, 1)]), Settled::Idle)),
        [DescriptorNotReady]
    );
}

#[test]
fn addresses_outside_the_grants() {
    let (mut driver, mut ring) = receiving();
    let (buffer, last) = (ring.buffer(0), ring.buffer(7) + BUFFER as u64 - 59);
    let pointer = NonNull::from(&mut driver.sim.alloc_bytes(64)[0]).addr().get() as u64;
    for (slot, wrong) in [buffer & 0xffff_ffff, last, pointer, u64::MAX - 8].into_iter().enumerate() {
        ring.put(slot, [wrong, 0]);
        driver.write(0x2818, slot as u32 + 1);
        let broken =
            driver.broken_by(|driver| assert_eq!(driver.arrive(&[frame(mac(1), 60, 1)]), Settled::Idle));
        assert_eq!(broken, [DmaOutsideGrant], "{wrong:#x}");
    }
    let one = |ring: &Ring| [ring.buffer(7) + 2000, 0x2b30_0000 | 60 | 1 << 36];
    assert_eq!(sending(Sim::i82575(), one), [DmaOutsideGrant]);
}

#[test]
fn memory_that_a_running_queue_can_reach() {
    let (mut driver, mut ring) = receiving();
    let extra = driver.sim.alloc_bytes(BUFFER);
    let dma = driver.sim.dma();
    let bus = dma.map(NonNull::from(&mut extra[0]), BUFFER, Direction::FromDevice).unwrap();
    // SAFETY: none: the model is to see what is unmapped too early, and stands between the device and
    // the memory, which is never freed.
    let unmap = |bus, len, direction| unsafe { dma.unmap(bus, len, direction) };
    ring.put(0, [bus, 0]);
    driver.write(0x2818, 1);
    let (start, len) = (ring.bus, 8 * (16 + BUFFER));
    assert_eq!(
        driver.broken_by(|_| unmap(bus, BUFFER, Direction::FromDevice)),
        [MemoryInUse],
        "a posted buffer"
    );
    assert_eq!(driver.broken_by(|_| unmap(start, len, Direction::Both)), [MemoryInUse], "the ring");
    assert_eq!(
        driver.broken_by(|_| unmap(start, len, Direction::Both)),
        [MemoryInUse, DmaOutsideGrant],
        "twice"
    );

    // What is under way when a queue stops lands within 100 us after.
    for (wait, found) in [(0, vec![MemoryInUse]), (1, vec![])] {
        let (mut driver, ring) = receiving();
        driver.stop(&ring);
        driver.wait_ms(wait);
        // SAFETY: the device stopped, or the model sees it and stands between.
        let unmap =
            |driver: &mut RawDriver| unsafe { driver.sim.dma().unmap(ring.bus, len, Direction::Both) };
        assert_eq!(driver.broken_by(unmap), found, "{wait} ms after the stop was seen");
    }
}

#[test]
fn transmit_descriptors_that_the_device_does_not_support() {
    // With the context of ring 1, as the 82575 wants it.
    let data = 0x2b30_0000_u64 | 1 << 36;
    for (word, wanted) in [
        (data | 60, vec![]),
        (data & !(1 << 29) | 60, vec![BadDescriptor]),
        (data & !(2 << 20) | 60, vec![BadDescriptor]),
        (data, vec![BadDescriptor]),
        // Another ring's context; that of ring 0 is no exception.
        (data ^ 1 << 36 | 60, vec![BadDescriptor]),
        (data | 60 | 2 << 36, vec![BadDescriptor]),
        (data | 16125, vec![BadDescriptor]),
        (data | 60 | 1 << 31, vec![NotModelled]),
    ] {
        assert_eq!(sending(Sim::i82575(), |ring| [ring.buffer(0), word]), wanted, "{word:#x}");
    }
    // Any context may be named on the other two.
    assert_eq!(sending(Sim::i82576(), |ring| [ring.buffer(0), data | 60 | 2 << 36]), []);
    assert_eq!(sending(Sim::i82598(), |ring| [ring.buffer(0), data | 60 | 2 << 36]), []);
    // Padding needs the FCS to be inserted.
    assert_eq!(sending(Sim::i82598(), |ring| [ring.buffer(0), data & !(1 << 25) | 50]), [BadDescriptor]);
}

#[test]
fn a_receive_format_that_is_not_modelled() {
    let (mut driver, mut ring) = receiving();
    driver.write(0x280C, 2);
    driver.post(&mut ring, 7);
    assert_eq!(
        driver.broken_by(|driver| assert_eq!(driver.arrive(&[frame(mac(1), 60, 1)]), Settled::Idle)),
        [BadDescriptor]
    );
    assert_eq!(driver.sim.drops().broken, 1);
}

#[test]
fn one_address_in_two_filters() {
    let fill = |driver: &mut RawDriver| {
        for entry in [1, 2] {
            driver.write(RAL + 8 * entry, 2);
            driver.write(RAH + 8 * entry, 0x0100 | AV);
        }
    };
    assert_eq!(i82575().broken_by(fill), [AmbiguousFilter]);
    assert_eq!(RawDriver::new(Sim::i82576()).broken_by(fill), [], "a union of pools");
}

#[test]
fn what_is_not_modelled_is_said() {
    let mut driver = i82575();
    assert_eq!(driver.broken_by(|driver| driver.write(0x5818, 2)), [NotModelled], "RSS");
    assert_eq!(driver.broken_by(|driver| driver.write(0x581C, 1)), [NotModelled], "VT_CTL of the 82575");
    assert_eq!(driver.broken_by(|driver| driver.write(TX1 + 0x28, 1 << 27)), [NotModelled], "PRIORITY");
    let mut driver = RawDriver::new(Sim::i82576());
    assert_eq!(driver.broken_by(|driver| driver.write(0x3500, 1 << 31)), [NotModelled], "loopback switch");
    let mut driver = i82598();
    assert_eq!(driver.broken_by(|driver| driver.write(0x7F40, 1)), [NotModelled], "DPMCS.TDPAC");
    assert_eq!(driver.broken_by(|driver| driver.write(0xCD00, 1 << 5)), [NotModelled], "PDPMCS.TPPAC");
}
