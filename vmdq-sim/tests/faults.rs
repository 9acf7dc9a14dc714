//! Each fault does what it says, so that a driver's test can rely on it.

mod common;

use common::*;
use vmdq_sim::{InjectedFault, Settled, Sim, Testbed};

/// An 82576 that puts everything into queue 0.
fn receiving() -> (RawDriver, Ring) {
    let driver = RawDriver::new(Sim::i82576());
    igb_up(&driver);
    let mut ring = driver.ring(0xC000, 8);
    driver.write(0xC00C, ONE_BUFFER);
    driver.start(&ring);
    driver.post(&mut ring, 7);
    driver.write(0x0100, 1 << 1 | 1 << 3 | 1 << 26);
    (driver, ring)
}

fn receive(driver: &mut RawDriver, ring: &mut Ring, fault: InjectedFault) -> Got {
    driver.sim.inject_fault(fault);
    assert_eq!(driver.arrive(&[frame(mac(1), 60, 1), frame(mac(1), 60, 2)]), Settled::Idle);
    let mut got = ring.take();
    assert_eq!(got.len(), 2);
    let honest = got.remove(1);
    assert_eq!((honest.high as u32, honest.high >> 32 & 0xffff), (3, 60), "it strikes once");
    got.remove(0)
}

#[test]
fn a_reset_that_never_ends() {
    for mut sim in [Sim::i82575(), Sim::i82576(), Sim::i82598()] {
        sim.inject_fault(InjectedFault::ResetNeverEnds);
        let driver = RawDriver::new(sim);
        driver.set(CTRL, RST);
        driver.wait_ms(4000);
        assert_ne!(driver.read(CTRL) & RST, 0);
    }
}

#[test]
fn queues_that_never_start_or_stop() {
    let (mut driver, _ring) = receiving();
    driver.sim.inject_fault(InjectedFault::QueueNeverDisables);
    driver.write(0xC028, 0);
    driver.wait_ms(4000);
    assert_ne!(driver.read(0xC028) & ENABLE, 0);
    driver.sim.inject_fault(InjectedFault::QueueNeverEnables);
    driver.ring(0xC040, 8);
    driver.write(0xC068, ENABLE);
    driver.wait_ms(4000);
    assert_eq!(driver.read(0xC068) & ENABLE, 0);
}

#[test]
fn a_queue_that_stops_takes_its_time_and_still_receives() {
    let (mut driver, mut ring) = receiving();
    driver.write(0xC028, 0);
    assert_ne!(driver.read(0xC028) & ENABLE, 0, "reads the actual state");
    driver.sim.inject(&frame(mac(1), 60, 1));
    assert!(driver.sim.step());
    assert_eq!(ring.take().len(), 1);
    driver.wait_ms(1);
    assert_eq!(driver.read(0xC028) & ENABLE, 0);
}

#[test]
fn a_master_that_never_stops() {
    for (mut sim, bit) in [(Sim::i82576(), 19), (Sim::i82598(), 19)] {
        sim.inject_fault(InjectedFault::MasterNeverStops);
        let mut driver = RawDriver::new(sim);
        driver.set(CTRL, 1 << 2);
        driver.wait_ms(1000);
        assert_eq!(driver.read(STATUS) >> bit & 1, 1);
        driver.sim.clear_faults();
        driver.clear(CTRL, 1 << 2);
        driver.set(CTRL, 1 << 2);
        driver.wait_ms(1);
        assert_eq!(driver.read(STATUS) >> bit & 1, 0);
    }
}

#[test]
fn a_link_that_never_comes() {
    let mut driver = RawDriver::new(Sim::i82598());
    driver.sim.inject_fault(InjectedFault::LinkNeverComes);
    driver.set(0x42A0, 1 << 12);
    driver.wait_ms(5000);
    assert_eq!(driver.read(0x42A4) >> 30 & 1, 0);
}

#[test]
fn surprise_removal() {
    let (mut driver, mut ring) = receiving();
    driver.sim.inject_fault(InjectedFault::AllOnes);
    assert_eq!((driver.read(STATUS), driver.read(0x1600)), (u32::MAX, u32::MAX));
    driver.write(0x0100, 0);
    assert_eq!(driver.arrive(&[frame(mac(1), 60, 1)]), Settled::Blocked { waiting: 1 });
    assert!(ring.take().is_empty());
    driver.sim.clear_faults();
    assert_ne!(driver.read(0x0100), 0, "the write was lost");
    driver.assert_clean();
}

#[test]
fn lies_in_a_descriptor() {
    let (mut driver, mut ring) = receiving();
    assert_eq!(
        receive(&mut driver, &mut ring, InjectedFault::ClaimLength(0xffff)).high >> 32 & 0xffff,
        0xffff
    );
    assert_eq!(
        receive(&mut driver, &mut ring, InjectedFault::ClaimHeader(700)).low >> 21 & 0x7ff,
        700 | 1 << 10
    );
    assert!(!receive(&mut driver, &mut ring, InjectedFault::NoEndOfPacket).end());
    driver.post(&mut ring, 5);
    assert_eq!(receive(&mut driver, &mut ring, InjectedFault::AllErrors).high as u32 >> 20, 0xfff);
}

#[test]
fn a_descriptor_that_is_done_without_a_frame() {
    let (mut driver, ring) = receiving();
    driver.sim.inject_fault(InjectedFault::SpuriousDone);
    assert_eq!(driver.sim.settle(), Settled::Idle);
    assert_eq!((0..7).filter(|&slot| ring.words(slot)[1] == 1).count(), 1);
    assert_eq!(driver.read(0xC010), 0, "the head has not moved");
}

#[test]
fn a_head_beyond_the_ring() {
    let (mut driver, _rx) = receiving();
    driver.set(0x0400, 1 << 1);
    let mut ring = driver.ring(0xE040, 8);
    let head = ring.buffer(7);
    driver.write(0xE07C, (head >> 32) as u32);
    driver.write(0xE078, head as u32 | 1);
    driver.start(&ring);
    driver.sim.inject_fault(InjectedFault::WildHead);
    driver.send(&mut ring, &frame(mac(9), 60, 1));
    assert_eq!(driver.sim.settle(), Settled::Idle);
    assert_eq!(ring.peek(7, 4), [0xff; 4]);
}

#[test]
fn a_stopped_master_moves_nothing() {
    let (mut driver, mut ring) = receiving();
    driver.set(CTRL, 1 << 2);
    driver.wait_ms(1);
    assert_eq!(driver.arrive(&[frame(mac(1), 60, 1)]), Settled::Blocked { waiting: 1 });
    assert!(ring.take().is_empty());
}
