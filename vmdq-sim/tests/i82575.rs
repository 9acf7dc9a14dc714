//! The 82575's model, driven by raw register writes.

mod common;

use common::*;
use vmdq_sim::{Settled, Sim, Testbed};

const RCTL: u32 = 0x0100;
const RXEN: u32 = 1 << 1;
const DROP_EN: u32 = 1 << 31;
/// RXEN, UPE, MPE, BAM, SECRC.
const OPEN: u32 = RXEN | 1 << 3 | 1 << 4 | 1 << 15 | 1 << 26;

fn rx(queue: u32) -> u32 {
    0x2800 + 0x100 * queue
}

fn tx(queue: u32) -> u32 {
    0x3800 + 0x100 * queue
}

/// Four receive queues of 8 descriptors, VMDq by MAC, filter n for queue n.
fn vmdq(srrctl: u32) -> (RawDriver, Vec<Ring>) {
    let driver = RawDriver::new(Sim::i82575());
    igb_up(&driver);
    driver.write(0x5818, 3);
    let mut rings = Vec::new();
    for queue in 0..4 {
        let mut ring = driver.ring(rx(queue), 8);
        driver.write(rx(queue) + 0x0C, ONE_BUFFER | srrctl);
        driver.start(&ring);
        driver.post(&mut ring, 7);
        rings.push(ring);
    }
    for queue in 1..4 {
        let (low, high) = halves(mac(queue as u8));
        driver.write(RAL + 8 * queue, low);
        driver.write(RAH + 8 * queue, high | queue << 18 | AV);
    }
    driver.write(RCTL, OPEN);
    (driver, rings)
}

#[test]
fn sorts_by_the_queue_of_the_filter_and_the_rest_to_queue_0() {
    let (mut driver, mut rings) = vmdq(0);
    let frames = [
        frame(mac(1), 60, 1),
        frame(mac(3), 100, 2),
        frame(BROADCAST, 60, 3),
        frame(GROUP, 60, 4),
        frame(mac(9), 60, 5),
        tagged(mac(2), 64, 5),
    ];
    assert_eq!(driver.arrive(&frames), Settled::Idle);
    let got: Vec<_> = rings.iter_mut().map(Ring::take_frames).collect();
    assert_eq!(got[0], frames[2..5]);
    assert_eq!(got[1], frames[..1]);
    assert_eq!(got[2], frames[5..]);
    assert_eq!(got[3], frames[1..2]);
    assert_eq!(driver.read(0x4074), 6, "GPRC");
    assert_eq!(driver.read(0x4074), 0, "a read clears");
    assert_eq!((driver.read(0x4078), driver.read(0x407C)), (1, 1), "BPRC, MPRC");
    assert_eq!(driver.read(0x4088), 60 * 4 + 100 + 64 + 6 * 4, "GORCL");
    driver.assert_clean();
}

#[test]
fn without_vmdq_everything_goes_to_queue_0() {
    let (mut driver, mut rings) = vmdq(0);
    driver.clear(RCTL, RXEN);
    driver.write(0x5818, 0);
    driver.set(RCTL, RXEN);
    let frames = [frame(mac(1), 60, 1), frame(mac(3), 60, 2)];
    assert_eq!(driver.arrive(&frames), Settled::Idle);
    assert_eq!(rings[0].take_frames(), frames);
    driver.assert_clean();
}

#[test]
fn the_l2_filter_takes_only_what_it_is_told_to() {
    let (mut driver, mut rings) = vmdq(0);
    let (own, hashed) = (driver.sim.mac(), [1, 0, 0x5e, 0, 0x34, 0x12]);
    // Hash of {0x12, 0x34} with MO 0: 0x123.
    driver.write(0x5200 + 4 * (0x123 >> 5), 1 << (0x123 & 31));
    driver.write(RCTL, RXEN | 1 << 26);
    let frames = [
        frame(own, 60, 1),
        frame(BROADCAST, 60, 2),
        frame(GROUP, 60, 3),
        frame(mac(9), 60, 4),
        frame(hashed, 60, 5),
    ];
    assert_eq!(driver.arrive(&frames), Settled::Idle);
    assert_eq!(rings[0].take_frames(), [frames[0].clone(), frames[4].clone()]);
    assert_eq!(driver.sim.drops().filtered, 3);
    assert_eq!(driver.read(0x40D0), 5, "TPR counts all");
    driver.assert_clean();
}

#[test]
fn vlan_filter_and_strip() {
    let (mut driver, mut rings) = vmdq(0);
    driver.set(RCTL, 1 << 18);
    driver.write(0x5600, 1 << 5);
    driver.set(CTRL, 1 << 30);
    let frames = [tagged(mac(1), 80, 0x2005), tagged(mac(1), 80, 6)];
    assert_eq!(driver.arrive(&frames), Settled::Idle);
    let got = rings[1].take();
    assert_eq!(got.len(), 1);
    assert_eq!(got[0].tag(), Some(0x2005));
    let mut bare = frames[0].clone();
    bare.drain(12..16);
    assert_eq!(got[0].bytes, bare);
    driver.assert_clean();
}

#[test]
fn a_queue_without_descriptors_blocks_all_others() {
    let (mut driver, mut rings) = vmdq(0);
    let mut frames: Vec<_> = (0..9).map(|n| frame(mac(1), 60, n)).collect();
    frames.push(frame(mac(2), 60, 99));
    assert_eq!(driver.arrive(&frames), Settled::Blocked { waiting: 3 });
    assert_eq!(rings[1].take_frames(), frames[..7]);
    assert_eq!(rings[2].take_frames(), Vec::<Vec<u8>>::new(), "behind the hog");
    assert_eq!((driver.read(0x40A0), driver.read(0x2930)), (1, 0), "RNBC, RQDPC");
    driver.post(&mut rings[1], 6);
    assert_eq!(driver.sim.settle(), Settled::Idle);
    assert_eq!(rings[1].take_frames(), frames[7..9]);
    assert_eq!(rings[2].take_frames(), frames[9..]);
    driver.assert_clean();
}

#[test]
fn a_queue_that_drops_blocks_nobody() {
    let (mut driver, mut rings) = vmdq(DROP_EN);
    let mut frames: Vec<_> = (0..9).map(|n| frame(mac(1), 60, n)).collect();
    frames.push(frame(mac(2), 60, 99));
    assert_eq!(driver.arrive(&frames), Settled::Idle);
    assert_eq!(rings[2].take_frames(), frames[9..]);
    assert_eq!((driver.read(0x2930), driver.read(0x2930)), (2, 0), "RQDPC[1], cleared by the read");
    assert_eq!(driver.sim.drops().no_descriptor, 2);
    driver.assert_clean();
}

#[test]
fn length_limits_count_the_fcs() {
    let (mut driver, mut rings) = vmdq(0);
    let lens = |rings: &mut Vec<Ring>| rings[1].take().iter().map(|got| got.bytes.len()).collect::<Vec<_>>();
    let mut short = frame(mac(1), 60, 1);
    short.truncate(59);
    let frames = [
        short,
        frame(mac(1), 1514, 1),
        frame(mac(1), 1515, 1),
        tagged(mac(1), 1518, 5),
        tagged(mac(1), 1519, 5),
    ];
    assert_eq!(driver.arrive(&frames), Settled::Idle);
    assert_eq!(lens(&mut rings), [1514, 1518]);
    assert_eq!((driver.read(0x40A4), driver.read(0x40AC)), (1, 2), "RUC, ROC");

    // Long packets on: RLPML as it is, tag or no tag.
    driver.write(0x5004, 1000);
    driver.set(RCTL, 1 << 5);
    assert_eq!(
        driver.arrive(&[frame(mac(1), 996, 1), frame(mac(1), 997, 1), tagged(mac(1), 997, 5)]),
        Settled::Idle
    );
    assert_eq!(lens(&mut rings), [996]);
    assert_eq!(driver.read(0x40AC), 2);
    driver.assert_clean();
}

#[test]
fn bad_frames_are_stored_if_asked_for() {
    let (mut driver, mut rings) = vmdq(0);
    driver.set(RCTL, 1 << 2);
    let mut short = frame(mac(1), 60, 1);
    short.truncate(30);
    assert_eq!(driver.arrive(core::slice::from_ref(&short)), Settled::Idle);
    let got = rings[1].take();
    assert_eq!(got[0].bytes, short);
    assert_ne!(got[0].high & 1 << 31, 0, "RXE");
    assert_eq!((driver.read(0x40A4), driver.read(0x4074)), (0, 0), "neither RUC nor GPRC");
}

#[test]
fn without_crc_strip_the_fcs_follows_the_frame() {
    let (mut driver, mut rings) = vmdq(0);
    driver.clear(RCTL, 1 << 26);
    assert_eq!(driver.arrive(&[frame(mac(1), 60, 1)]), Settled::Idle);
    let got = rings[1].take_frames();
    assert_eq!(got[0].len(), 64);
    // The residue of IEEE 802.3.
    assert_eq!(crc32fast::hash(&got[0]), 0x2144_df1c);
}

#[test]
fn a_long_frame_spans_descriptors() {
    let (mut driver, mut rings) = vmdq(0);
    driver.write(rx(1) + 0x0C, 1 << 25 | 1);
    driver.set(RCTL, 1 << 5);
    let long = frame(mac(1), 2500, 1);
    assert_eq!(driver.arrive(core::slice::from_ref(&long)), Settled::Idle);
    let got = rings[1].take();
    assert_eq!(
        got.iter().map(|got| (got.bytes.len(), got.end())).collect::<Vec<_>>(),
        [(1024, false), (1024, false), (452, true)]
    );
    assert_eq!(got.iter().flat_map(|got| got.bytes.clone()).collect::<Vec<_>>(), long);
    driver.assert_clean();
}

#[test]
fn the_header_is_replicated() {
    let (mut driver, mut rings) = vmdq(0);
    // DESCTYPE 3, 64-byte header buffer, split at the MAC header of non-IP frames.
    driver.write(rx(1) + 0x0C, 3 << 25 | 1 << 8 | 2);
    driver.write(0x5484, 1);
    let (packet, header) = (rings[1].buffer(0), rings[1].buffer(7));
    rings[1].put(0, [packet, header]);
    let sent = frame(mac(1), 200, 9);
    assert_eq!(driver.arrive(core::slice::from_ref(&sent)), Settled::Idle);
    assert_eq!(rings[1].peek(7, 65), [&sent[..64], &[0]].concat(), "64 bytes and no more");
    let got = rings[1].take();
    assert_eq!(got[0].bytes, sent);
    assert_eq!((got[0].low >> 21 & 0x3ff, got[0].low >> 31 & 1), (14, 1), "HDR_LEN, SPH");
    driver.assert_clean();
}

#[test]
fn a_stopped_queue_gets_nothing() {
    let (mut driver, mut rings) = vmdq(0);
    driver.stop(&rings[1]);
    assert_eq!(driver.arrive(&[frame(mac(1), 60, 1), frame(mac(2), 60, 2)]), Settled::Idle);
    assert!(rings[1].take().is_empty());
    assert_eq!(rings[2].take().len(), 1);
    assert_eq!(driver.sim.drops().disabled, 1);
    driver.assert_clean();
}

#[test]
fn queues_send_in_turn() {
    let driver = &mut RawDriver::new(Sim::i82575());
    igb_up(driver);
    let mut rings: Vec<_> = (0..4).map(|queue| driver.ring(tx(queue), 16)).collect();
    rings.iter().for_each(|ring| driver.start(ring));
    for (queue, count) in [(3, 2), (0, 4), (1, 3)] {
        for n in 0..count {
            driver.send(&mut rings[queue], &frame(mac(9), 40 + queue, n));
        }
    }
    assert_eq!(driver.sim.settle(), Settled::Idle);
    assert_eq!(driver.sim.take_sent(), [], "TCTL.EN is off");
    driver.set(0x0400, 1 << 1);
    assert_eq!(driver.sim.run(2), 2);
    assert_eq!(driver.sim.settle(), Settled::Idle);
    let sent = driver.sim.take_sent();
    let order: Vec<_> = sent.iter().map(|sent| sent.queue.unwrap()).collect();
    assert_eq!(order, [0, 1, 3, 0, 1, 3, 0, 1, 0]);
    assert!(sent.iter().all(|sent| sent.bytes.len() == 60), "padded by TCTL.PSP");
    assert_eq!(rings[0].words(3), [0, 1 << 32], "DD and nothing else");
    assert_eq!((driver.read(0x4080), driver.read(0x40D4)), (9, 9), "GPTC, TPT");
    assert_eq!(driver.read(tx(0) + 0x10), 4, "TDH");
    driver.assert_clean();
}

#[test]
fn a_frame_of_several_descriptors_waits_for_its_end() {
    let driver = &mut RawDriver::new(Sim::i82575());
    igb_up(driver);
    driver.set(0x0400, 1 << 1);
    let mut ring = driver.ring(tx(2), 8);
    driver.start(&ring);
    let whole = frame(mac(9), 100, 7);
    ring.fill(0, &whole[..30]);
    ring.fill(1, &whole[30..]);
    // A context descriptor of this ring, then the frame; RS only at the end.
    ring.put(3, [ring.buffer(1), 0x2b30_0000 | 70 | 2 << 36]);
    ring.put(2, [ring.buffer(0), 0x2230_0000 | 30 | 2 << 36 | 100 << 46]);
    ring.put(0, [0, 0x2020_0000 | 2 << 36]);
    ring.put(1, [0, 0x2020_0000 | 2 << 36]);
    driver.write(tx(2) + 0x18, 3);
    assert_eq!(driver.sim.settle(), Settled::Idle);
    assert_eq!(driver.sim.take_sent(), []);
    driver.write(tx(2) + 0x18, 4);
    assert_eq!(driver.sim.settle(), Settled::Idle);
    assert_eq!(driver.sim.take_sent()[0].bytes, whole);
    assert_eq!((ring.words(2)[1] >> 32 & 1, ring.words(3)[1] >> 32 & 1), (0, 1));
    driver.assert_clean();
}

#[test]
fn a_stopped_queue_forgets_half_a_frame() {
    let driver = &mut RawDriver::new(Sim::i82575());
    igb_up(driver);
    driver.set(0x0400, 1 << 1);
    let mut ring = driver.ring(tx(2), 8);
    driver.start(&ring);
    ring.put(0, [ring.buffer(7), 0x2230_0000 | 30 | 2 << 36]);
    driver.write(tx(2) + 0x18, 1);
    assert_eq!(driver.sim.settle(), Settled::Idle);
    driver.stop(&ring);
    driver.write(tx(2) + 0x10, 0);
    driver.write(tx(2) + 0x18, 0);
    driver.start(&ring);
    let whole = frame(mac(9), 70, 7);
    driver.send(&mut ring, &whole);
    assert_eq!(driver.sim.settle(), Settled::Idle);
    assert_eq!(driver.sim.take_sent()[0].bytes, whole);
    driver.assert_clean();
}

#[test]
fn a_head_write_back_leaves_the_descriptors_alone() {
    let driver = &mut RawDriver::new(Sim::i82575());
    igb_up(driver);
    driver.set(0x0400, 1 << 1);
    let mut ring = driver.ring(tx(1), 8);
    let head = ring.buffer(7);
    ring.fill(7, &[0xaa; 4]);
    driver.write(tx(1) + 0x3C, (head >> 32) as u32);
    driver.write(tx(1) + 0x38, head as u32 | 1);
    driver.start(&ring);
    driver.send(&mut ring, &frame(mac(9), 60, 1));
    driver.send(&mut ring, &frame(mac(9), 60, 2));
    assert_eq!(driver.sim.settle(), Settled::Idle);
    assert_eq!(ring.peek(7, 4), [2, 0, 0xaa, 0xaa], "16 bits on the 82575");
    assert_eq!(ring.words(0)[1] as u32, 0x2b30_003c);
    driver.assert_clean();
}

#[test]
fn interrupts_go_where_msixbm_says() {
    let (mut driver, mut rings) = vmdq(0);
    driver.set(0x0018, 1 << 24 | 1);
    driver.write(0x1600, 1 << 31);
    driver.write(0x1604, 1 << 1 | 1 << 9);
    driver.write(0x1608, 1 << 2);
    driver.write(0x152C, 0x0202);
    driver.write(0x1530, 0x0202);
    driver.write(0x1524, 1 << 31 | 0x0206);
    // The link came up before: forget it.
    driver.read(0x00C0);
    driver.write(0x00D0, 1 << 2);
    assert_eq!(
        driver.arrive(&[frame(mac(1), 60, 1), frame(mac(2), 60, 1), frame(mac(3), 60, 1)]),
        Settled::Idle
    );
    assert_eq!(driver.sim.take_interrupts(), [1, 2]);
    assert_eq!(driver.read(0x1580), 1 << 2 | 1 << 3, "EICR: the auto-cleared cause is gone, reading keeps");
    assert_eq!(driver.read(0x1580), 1 << 2 | 1 << 3);
    assert_eq!(driver.read(0x1524), 1 << 31 | 0x0204, "EIMS: the auto-masked bit is off");
    // The cause comes back while masked, and is sent when the mask opens.
    assert_eq!(driver.arrive(&[frame(mac(1), 60, 2)]), Settled::Idle);
    assert_eq!(driver.sim.take_interrupts(), []);
    driver.write(0x1524, 1 << 1);
    assert_eq!(driver.sim.take_interrupts(), [1]);
    driver.write(0x1580, u32::MAX);
    assert_eq!(driver.read(0x1580), 0, "write one to clear");

    driver.sim.set_link(false);
    assert_eq!(driver.sim.take_interrupts(), [0], "link change");
    assert_ne!(driver.read(0x00C0) & 1 << 2, 0, "ICR.LSC");
    assert_eq!(driver.read(0x00C0), 0, "reading clears");
    assert_eq!(rings[1].take().len(), 2);
    driver.assert_clean();
}

#[test]
fn a_pulled_cable_stops_both_directions() {
    let (mut driver, mut rings) = vmdq(0);
    driver.sim.set_link(false);
    assert_eq!(driver.read(STATUS) & 2, 0);
    assert_eq!(driver.arrive(&[frame(mac(1), 60, 1)]), Settled::Blocked { waiting: 1 });
    driver.sim.set_link(true);
    assert_eq!(driver.read(STATUS) & 2, 0, "negotiation again");
    assert_eq!(driver.sim.settle(), Settled::Idle);
    assert_eq!(rings[1].take().len(), 1);
}

#[test]
fn the_semaphore_is_taken_by_reading() {
    let driver = RawDriver::new(Sim::i82575());
    assert_eq!((driver.read(0x5B50), driver.read(0x5B50)), (0, 1));
    driver.write(0x5B50, 2);
    assert_eq!(driver.read(0x5B50), 2);
}

#[test]
fn the_own_address_comes_from_the_nvm() {
    let driver = RawDriver::new(Sim::i82575());
    let (low, high) = halves(driver.sim.mac());
    driver.write(RAH, 0);
    driver.write(RAL, 0);
    igb_up(&driver);
    assert_eq!((driver.read(RAL), driver.read(RAH)), (low, high | AV));
    driver.assert_clean();
}
