//! Header replication (SRRCTL.DESCTYPE 3) on each model, by a driver of a few lines.

mod common;

use common::{Got, RAH, RawDriver, Ring, frame, igb_up, ixgbe_up, mac, tagged};
use vmdq_sim::Rule::{BadDescriptor, DescriptorNotReady};
use vmdq_sim::{Kind, Settled, Sim};

const REPLICATE: u32 = 3;
/// Every packet type of PSRTYPE, in either reading.
const EVERY: u32 = 0x13ff;
const KINDS: [Kind; 3] = [Kind::I82575, Kind::I82576, Kind::I82598];

/// Queue 0 alone receives everything, with header buffers of `units` times 64 bytes.
fn receiving(sim: Sim, units: u32, psrtype: u32) -> (RawDriver, Ring) {
    let ixgbe = sim.kind() == Kind::I82598;
    let driver = RawDriver::new(sim);
    let (at, srrctl) = if ixgbe { (0x1000, 0x2100) } else { (0x2800, 0x280C) };
    if ixgbe {
        ixgbe_up(&driver)
    } else {
        igb_up(&driver)
    }
    driver.write(srrctl, REPLICATE << 25 | units << 8 | 2);
    driver.write(0x5480, psrtype);
    let mut ring = driver.ring(at, 8);
    driver.start(&ring);
    // The last four slots lend their buffers for the headers of the first four.
    for slot in 0..4 {
        ring.put(slot, [ring.buffer(slot), ring.buffer(slot + 4)]);
        ring.fill(slot + 4, &[0xaa; 256]);
    }
    driver.write(at + 0x18, 4);
    if ixgbe {
        driver.write(0x5080, 1 << 9);
        driver.set(0x4240, 1 << 1);
        driver.write(0x3000, 3);
    } else {
        // RXEN, UPE, SECRC.
        driver.write(0x0100, 1 << 1 | 1 << 3 | 1 << 26);
    }
    assert_ne!(driver.read(RAH) >> 31, 0);
    (driver, ring)
}

/// Lets one frame arrive; returns what the descriptor said, and the header buffer.
fn receive(driver: &mut RawDriver, ring: &mut Ring, frame: &[u8]) -> (Got, Vec<u8>) {
    assert_eq!(driver.arrive(&[frame.to_vec()]), Settled::Idle);
    let mut got = ring.take();
    assert_eq!(got.len(), 1, "one descriptor");
    (got.remove(0), ring.peek(4, 256))
}

/// SPH and HDR_LEN.
fn header(got: &Got) -> (bool, u64) {
    (got.low >> 31 & 1 != 0, got.low >> 21 & 0x3ff)
}

/// A frame of `len` bytes with a protocol over IPv4.
fn ipv4(protocol: u8, len: usize) -> Vec<u8> {
    let mut frame = frame(mac(1), len, 9);
    frame[12..14].copy_from_slice(&[8, 0]);
    frame[14] = 0x45;
    frame[23] = protocol;
    frame[46] = 0x60;
    frame
}

/// A frame of `len` bytes with a protocol over IPv6.
fn ipv6(next: u8, len: usize) -> Vec<u8> {
    let mut frame = frame(mac(1), len, 9);
    frame[12..14].copy_from_slice(&[0x86, 0xdd]);
    frame[14] = 0x60;
    frame[20] = next;
    frame[66] = 0x50;
    frame
}

#[test]
fn the_header_buffer_is_filled_and_the_packet_buffer_has_it_all() {
    for kind in KINDS {
        let frames = [
            (frame(mac(1), 300, 9), 14),
            (tagged(mac(1), 300, 5), 18),
            (ipv4(17, 300), 42),
            (ipv4(6, 300), 58),
            (ipv6(17, 300), 62),
            (ipv6(6, 300), 74),
            (ipv6(44, 300), 54),
        ];
        for (sent, parsed) in frames {
            let (mut driver, mut ring) = receiving(Sim::new(kind), 2, EVERY);
            let (got, buffer) = receive(&mut driver, &mut ring, &sent);
            assert_eq!(got.bytes, sent, "{kind:?}");
            assert_eq!(header(&got), (true, parsed), "{kind:?}: SPH, and the parsed length");
            assert_eq!(buffer[..129], [&sent[..128], &[0xaa]].concat(), "{kind:?}: 128 bytes and no more");
            driver.assert_clean();
        }
    }
}

#[test]
fn a_short_frame_is_whole_in_both_buffers() {
    for kind in KINDS {
        let (mut driver, mut ring) = receiving(Sim::new(kind), 2, EVERY);
        let sent = frame(mac(1), 60, 9);
        let (got, buffer) = receive(&mut driver, &mut ring, &sent);
        assert_eq!((&got.bytes, header(&got)), (&sent, (true, 14)), "{kind:?}");
        assert_eq!(buffer[..61], [&sent[..], &[0xaa]].concat(), "{kind:?}");
        driver.assert_clean();
    }
}

#[test]
fn what_is_not_recognised_is_not_replicated() {
    for kind in KINDS {
        // ICMP is no type of its own; type 0 alone does not cover UDP.
        for (psrtype, sent) in
            [(EVERY, ipv4(1, 300)), (0, frame(mac(1), 300, 9)), (0, ipv4(17, 300)), (0x1001, ipv4(17, 300))]
        {
            let (mut driver, mut ring) = receiving(Sim::new(kind), 2, psrtype);
            let (got, buffer) = receive(&mut driver, &mut ring, &sent);
            assert_eq!((&got.bytes, header(&got)), (&sent, (false, 0)), "{kind:?} {psrtype:#x}");
            assert_eq!(buffer, [0xaa; 256], "{kind:?}");
            driver.assert_clean();
        }
    }
}

#[test]
fn neither_reading_of_psrtype_suffices_on_the_82598() {
    // 0x1330: a bit for each protocol. 0x000f: a bit for each packet type.
    for (psrtype, replicated) in [(0x1330, false), (0x000f, false), (0x133f, true)] {
        let (mut driver, mut ring) = receiving(Sim::i82598(), 1, psrtype);
        let (got, _) = receive(&mut driver, &mut ring, &ipv4(17, 100));
        assert_eq!(header(&got).0, replicated, "{psrtype:#x}");
        driver.assert_clean();
    }
}

#[test]
fn a_device_may_replicate_nothing() {
    for kind in KINDS {
        let (mut driver, mut ring) = receiving(Sim::new(kind).without_replication(), 2, EVERY);
        let sent = ipv4(17, 300);
        let (got, buffer) = receive(&mut driver, &mut ring, &sent);
        assert_eq!((&got.bytes, header(&got)), (&sent, (false, 0)), "{kind:?}");
        assert_eq!(buffer, [0xaa; 256], "{kind:?}");
        driver.assert_clean();
    }
}

#[test]
fn every_descriptor_names_a_header_buffer() {
    for kind in KINDS {
        // Also where no header is replicated: software can't know which frame comes next.
        for psrtype in [EVERY, 0] {
            let (mut driver, mut ring) = receiving(Sim::new(kind), 1, psrtype);
            ring.put(0, [ring.buffer(0), 0]);
            let arrive = |driver: &mut RawDriver| assert_eq!(driver.arrive(&[ipv4(17, 100)]), Settled::Idle);
            assert_eq!(driver.broken_by(arrive), [DescriptorNotReady], "{kind:?}");
        }
    }
}

#[test]
fn header_buffers_have_a_size_that_all_sources_know() {
    for kind in KINDS {
        let most = if kind == Kind::I82598 { 16 } else { 15 };
        for (units, broken) in
            [(0, vec![BadDescriptor]), (1, vec![]), (most, vec![]), (most + 1, vec![BadDescriptor])]
        {
            let (mut driver, _ring) = receiving(Sim::new(kind), units, EVERY);
            let arrive = |driver: &mut RawDriver| assert_eq!(driver.arrive(&[ipv4(17, 100)]), Settled::Idle);
            assert_eq!(driver.broken_by(arrive), broken, "{kind:?} {units}");
        }
    }
}
