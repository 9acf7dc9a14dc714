//! Where QEMU's `igb` departs from the datasheet, as far as the driver meets it (`igb-hal/FACTS.md`,
//! section 6, whose numbers stand beside each test). The driver is not bent to any of it.

use embedded_hal::delay::DelayNs;
use vmdq::bus::{Bus, Offset};
use vmdq::igb::I82576;
use vmdq::{Accept, Causes, Config, MacAddress, Port};
use vmdq_sim::{PlatformOf, Qemu, Settled, Testbed};

use crate::bed::qemu;
use crate::common::{GROUP, Plan, STRANGER, Setup, frame, number, numbers, vm};

/// Extended interrupt causes, cleared by a read.
const EICR: u32 = 0x1580;

fn start(plan: Plan) -> Option<Setup<I82576, PlatformOf<Qemu>, Qemu>> {
    Some(Setup::start(qemu()?, plan))
}

fn accepting(accept: Accept) -> Plan {
    Plan { config: Config { accept, ..Config::default() }, ..Plan::default() }
}

/// Departure 2: there is no L2 filter before the pools. The strict model drops the first two:
/// `sorting::what_is_not_accepted_is_dropped`.
#[test]
fn strangers_and_broadcast_arrive_uninvited() {
    let Some(mut setup) = start(accepting(Accept::empty())) else { return };
    assert_eq!(setup.lands(&frame(STRANGER, 0, 60)), [0]);
    assert_eq!(setup.lands(&frame(MacAddress::BROADCAST, 0, 60)), [0]);
    assert_eq!(setup.lands(&frame(GROUP, 0, 60)), []);
    setup.port.set_accept(Accept::MULTICAST).expect("the model can");
    assert_eq!(setup.lands(&frame(GROUP, 0, 60)), [0]);
    setup.finish();
}

/// Departure 6: a full queue drops, and only ICR.RXO tells of it.
#[test]
fn frames_without_a_descriptor_are_not_counted() {
    let plan = Plan { descriptors: 8, buffers: 14, ..Plan::default() };
    let Some(mut setup) = start(plan) else { return };
    setup.bind(vm(1), 1);
    let _ = setup.port.causes();
    setup.inject(&Vec::from_iter((0..12).map(|i| frame(vm(1), i, 60))));
    assert_eq!(numbers(&setup.pair(1).receive()), Vec::from_iter(0..7));
    let statistics = setup.port.statistics();
    assert_eq!((statistics.no_descriptor, statistics.missed), (0, 0));
    assert!(setup.port.causes().contains(Causes::OVERRUN));
    setup.finish();
}

/// Departure 6: a queue that should block the others drops instead, as long as any has room.
#[test]
fn the_default_queue_never_blocks() {
    let config = Config { accept: Accept::all(), default_drops: false, ..Config::default() };
    let Some(mut setup) = start(Plan { config, descriptors: 8, buffers: 14 }) else { return };
    setup.bind(vm(1), 1);
    let mut frames = Vec::from_iter((0..9).map(|i| frame(MacAddress::BROADCAST, i, 60)));
    frames.push(frame(vm(1), 77, 60));
    setup.inject(&frames);
    assert_eq!(numbers(&setup.pair(0).receive()), Vec::from_iter(0..7));
    assert_eq!(numbers(&setup.pair(1).receive()), [77]);
    setup.finish();
}

/// Departure 6: when no queue has room, a frame is held until the next tail write.
#[test]
fn a_frame_waits_when_all_queues_are_full() {
    let port = {
        let Some(bed) = qemu() else { return };
        let port = crate::common::ready::<I82576, _>(bed.platform(), &Config::default());
        (bed, port)
    };
    let mut setup = Setup::stopped(port.0, port.1, Plan { descriptors: 8, buffers: 14, ..Plan::default() });
    let queue = setup.idle.remove(0);
    setup.run(queue);
    for i in 0..9 {
        setup.bed.inject(&frame(MacAddress::BROADCAST, i, 60));
    }
    assert!(matches!(setup.bed.settle(), Settled::Blocked { .. }));
    assert_eq!(numbers(&setup.pair(0).receive()), Vec::from_iter(0..7));
    assert_eq!(setup.bed.settle(), Settled::Idle);
    assert_eq!(numbers(&setup.pair(0).receive()), [7, 8]);
    setup.finish();
}

/// Departures 7 and 8: no header is replicated, and there is no PSRTYPE. The strict models do and have:
/// `replication::headers_are_replicated_while_asked_for`.
#[test]
fn headers_are_not_replicated() {
    let Some(bed) = qemu() else { return };
    crate::replication::frames_arrive_whole_without::<I82576, _>(bed);
}

/// Departure 12: each tail write drains its ring before it returns.
#[test]
fn queues_do_not_take_turns() {
    let Some(mut setup) = start(Plan::default()) else { return };
    for queue in [2, 1] {
        setup.pair(queue).send(&Vec::from_iter((0..4).map(|i| frame(STRANGER, 10 * queue as u32 + i, 60))));
        // Without any time for the controller in between.
        assert_eq!(setup.pair(queue).reclaim(), 4);
    }
    let sent: Vec<_> = setup.bed.take_sent().iter().map(|sent| number(&sent.bytes)).collect();
    assert_eq!(sent, [20, 21, 22, 23, 10, 11, 12, 13]);
    setup.finish();
}

/// TCTL.PSP is ignored.
#[test]
fn short_frames_are_not_padded() {
    let Some(mut setup) = start(Plan::default()) else { return };
    let short = frame(STRANGER, 0, 60)[..14].to_vec();
    setup.pair(1).send(std::slice::from_ref(&short));
    let _ = setup.bed.settle();
    assert_eq!(setup.bed.take_sent().iter().map(|sent| &sent.bytes).collect::<Vec<_>>(), [&short]);
    setup.finish();
}

/// Departure 22: a runt is padded, counted and delivered all the same.
#[test]
fn runts_are_delivered_and_counted() {
    let Some(mut setup) = start(Plan::default()) else { return };
    setup.bind(vm(1), 1);
    setup.inject(&[frame(vm(1), 0, 30)]);
    let received = setup.pair(1).receive();
    assert_eq!((received.len(), received[0].len()), (1, 60));
    assert_eq!(received[0][..30], frame(vm(1), 0, 30));
    assert_eq!(setup.port.statistics().too_short, 1);
    setup.finish();
}

/// Section 5: what is longer than RLPML is dropped before any counter; the test bed counts it.
#[test]
fn frames_over_rlpml_are_not_counted() {
    let Some(mut setup) = start(Plan::default()) else { return };
    setup.inject(&[frame(STRANGER, 0, 16_379), frame(STRANGER, 1, 16_380), frame(STRANGER, 2, 60_000)]);
    assert_eq!(setup.receive(), []);
    assert_eq!((setup.port.statistics().too_long, setup.bed.uncounted_drops()), (1, 2));
    setup.finish();
}

/// Departures 17 and 21: the NVM is never reported as read, which the driver only warns of; the link
/// needs half a second after a restart of autonegotiation.
#[test]
fn the_nvm_is_never_read_and_the_link_takes_time() {
    let Some(bed) = qemu() else { return };
    // SAFETY: the test bed is an 82576.
    let port = unsafe { Port::new(I82576, bed.platform()) };
    let mut port = port.init(&Config::default()).expect("the port initialises");
    assert!(port.warnings().nvm_not_read);
    bed.delay().delay_ms(2000);
    assert!(!port.link().is_up());
    assert!(!port.bring_link_up(300).is_up());
    assert!(port.bring_link_up(1000).is_up());
}

/// Departures 15 and 16: EICR is cleared by a read even with MSI-X, and no vector masks itself.
#[test]
fn vectors_do_not_mask_themselves() {
    let Some(mut setup) = start(Plan::default()) else { return };
    setup.bind(vm(1), 1);
    let pool = &setup.pairs[1].as_ref().expect("the queue runs").pool;
    setup.port.route(&mut setup.vectors[3], pool).expect("both are this port's");
    let eicr = |setup: &Setup<I82576, PlatformOf<Qemu>, Qemu>| setup.bed.bus().read32(Offset::new(EICR));
    setup.inject(&[frame(vm(1), 0, 60)]);
    assert_eq!(eicr(&setup), 1 << 3, "the queue's vector");
    assert_eq!(eicr(&setup), 0);
    setup.vectors[3].unmask();
    setup.vectors[3].fire();
    // EIMS, which EIAM should have cleared.
    assert_eq!(setup.bed.bus().read32(Offset::new(0x1524)), 1 << 3);
    setup.vectors[3].mask();
    assert_eq!(setup.bed.bus().read32(Offset::new(0x1524)), 0);
    setup.finish();
}
