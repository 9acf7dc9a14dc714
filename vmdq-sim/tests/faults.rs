//! Each fault does what it says, so that a driver's test can rely on it.

mod common;

use common::*;
use vmdq_sim::{InjectedFault, Settled, Sim, Testbed};

/// An 82576 that puts everything into queue 0.
fn receiving() -> (Rig, Ring) {
    let rig = Rig::new(Sim::i82576());
    igb_up(&rig);
    let mut ring = rig.ring(0xC000, 8);
    rig.write(0xC00C, ONE_BUFFER);
    rig.start(&ring);
    rig.post(&mut ring, 7);
    rig.write(0x0100, 1 << 1 | 1 << 3 | 1 << 26);
    (rig, ring)
}

fn receive(rig: &mut Rig, ring: &mut Ring, fault: InjectedFault) -> Got {
    rig.sim.inject_fault(fault);
    assert_eq!(rig.arrive(&[frame(mac(1), 60, 1), frame(mac(1), 60, 2)]), Settled::Idle);
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
        let rig = Rig::new(sim);
        rig.set(CTRL, RST);
        rig.wait_ms(4000);
        assert_ne!(rig.read(CTRL) & RST, 0);
    }
}

#[test]
fn queues_that_never_start_or_stop() {
    let (mut rig, _ring) = receiving();
    rig.sim.inject_fault(InjectedFault::QueueNeverDisables);
    rig.write(0xC028, 0);
    rig.wait_ms(4000);
    assert_ne!(rig.read(0xC028) & ENABLE, 0);
    rig.sim.inject_fault(InjectedFault::QueueNeverEnables);
    rig.ring(0xC040, 8);
    rig.write(0xC068, ENABLE);
    rig.wait_ms(4000);
    assert_eq!(rig.read(0xC068) & ENABLE, 0);
}

#[test]
fn a_queue_that_stops_takes_its_time_and_still_receives() {
    let (mut rig, mut ring) = receiving();
    rig.write(0xC028, 0);
    assert_ne!(rig.read(0xC028) & ENABLE, 0, "reads the actual state");
    rig.sim.inject(&frame(mac(1), 60, 1));
    assert!(rig.sim.step());
    assert_eq!(ring.take().len(), 1);
    rig.wait_ms(1);
    assert_eq!(rig.read(0xC028) & ENABLE, 0);
}

#[test]
fn a_master_that_never_stops() {
    for (mut sim, bit) in [(Sim::i82576(), 19), (Sim::i82598(), 19)] {
        sim.inject_fault(InjectedFault::MasterNeverStops);
        let mut rig = Rig::new(sim);
        rig.set(CTRL, 1 << 2);
        rig.wait_ms(1000);
        assert_eq!(rig.read(STATUS) >> bit & 1, 1);
        rig.sim.clear_faults();
        rig.clear(CTRL, 1 << 2);
        rig.set(CTRL, 1 << 2);
        rig.wait_ms(1);
        assert_eq!(rig.read(STATUS) >> bit & 1, 0);
    }
}

#[test]
fn a_link_that_never_comes() {
    let mut rig = Rig::new(Sim::i82598());
    rig.sim.inject_fault(InjectedFault::LinkNeverComes);
    rig.set(0x42A0, 1 << 12);
    rig.wait_ms(5000);
    assert_eq!(rig.read(0x42A4) >> 30 & 1, 0);
}

#[test]
fn surprise_removal() {
    let (mut rig, mut ring) = receiving();
    rig.sim.inject_fault(InjectedFault::AllOnes);
    assert_eq!((rig.read(STATUS), rig.read(0x1600)), (u32::MAX, u32::MAX));
    rig.write(0x0100, 0);
    assert_eq!(rig.arrive(&[frame(mac(1), 60, 1)]), Settled::Blocked { waiting: 1 });
    assert!(ring.take().is_empty());
    rig.sim.clear_faults();
    assert_ne!(rig.read(0x0100), 0, "the write was lost");
    rig.assert_clean();
}

#[test]
fn lies_in_a_descriptor() {
    let (mut rig, mut ring) = receiving();
    assert_eq!(receive(&mut rig, &mut ring, InjectedFault::ClaimLength(0xffff)).high >> 32 & 0xffff, 0xffff);
    assert_eq!(
        receive(&mut rig, &mut ring, InjectedFault::ClaimHeader(700)).low >> 21 & 0x7ff,
        700 | 1 << 10
    );
    assert!(!receive(&mut rig, &mut ring, InjectedFault::NoEndOfPacket).end());
    rig.post(&mut ring, 5);
    assert_eq!(receive(&mut rig, &mut ring, InjectedFault::AllErrors).high as u32 >> 20, 0xfff);
}

#[test]
fn a_descriptor_that_is_done_without_a_frame() {
    let (mut rig, ring) = receiving();
    rig.sim.inject_fault(InjectedFault::SpuriousDone);
    assert_eq!(rig.sim.settle(), Settled::Idle);
    assert_eq!((0..7).filter(|&slot| ring.words(slot)[1] == 1).count(), 1);
    assert_eq!(rig.read(0xC010), 0, "the head has not moved");
}

#[test]
fn a_head_beyond_the_ring() {
    let (mut rig, _rx) = receiving();
    rig.set(0x0400, 1 << 1);
    let mut ring = rig.ring(0xE040, 8);
    let head = ring.buffer(7);
    rig.write(0xE07C, (head >> 32) as u32);
    rig.write(0xE078, head as u32 | 1);
    rig.start(&ring);
    rig.sim.inject_fault(InjectedFault::WildHead);
    rig.send(&mut ring, &frame(mac(9), 60, 1));
    assert_eq!(rig.sim.settle(), Settled::Idle);
    assert_eq!(ring.peek(7, 4), [0xff; 4]);
}

#[test]
fn a_stopped_master_moves_nothing() {
    let (mut rig, mut ring) = receiving();
    rig.set(CTRL, 1 << 2);
    rig.wait_ms(1);
    assert_eq!(rig.arrive(&[frame(mac(1), 60, 1)]), Settled::Blocked { waiting: 1 });
    assert!(ring.take().is_empty());
}
