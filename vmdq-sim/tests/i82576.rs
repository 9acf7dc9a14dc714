//! The 82576's model, driven by raw register writes.

mod common;

use common::*;
use vmdq_sim::{Settled, Sim, Testbed};

const RCTL: u32 = 0x0100;
const VT_CTL: u32 = 0x581C;
const VFRE: u32 = 0x0C8C;
const QDE: u32 = 0x2408;
const AUPE: u32 = 1 << 24;
const ROMPE: u32 = 1 << 25;
const BAM: u32 = 1 << 27;
const MPME: u32 = 1 << 28;
const STRVLAN: u32 = 1 << 30;
/// LPE, RLPML 1518, STRCRC.
const POOL: u32 = 1 << 31 | 1 << 16 | 1518;
/// RXEN, UPE, MPE, LPE, BAM, SECRC.
const OPEN: u32 = 1 << 1 | 1 << 3 | 1 << 4 | 1 << 5 | 1 << 15 | 1 << 26;
const VFE: u32 = 1 << 18;
const RPL_EN: u32 = 1 << 30;

fn rx(queue: u32) -> u32 {
    0xC000 + 0x40 * queue
}

fn tx(queue: u32) -> u32 {
    0xE000 + 0x40 * queue
}

fn vmolr(pool: u32) -> u32 {
    0x5AD0 + 4 * pool
}

/// Binds an address to a set of pools.
fn bind(driver: &RawDriver, entry: u32, mac: [u8; 6], pools: u32) {
    let (low, high) = halves(mac);
    let at = if entry < 16 { RAL + 8 * entry } else { 0x54E0 + 8 * (entry - 16) };
    driver.write(at, low);
    driver.write(at + 4, high | pools << 18 | AV);
}

/// Eight pools with one queue each, filter n for pool n; broadcast and multicast to pool 0 alone.
fn vmdq(vt_ctl: u32) -> (RawDriver, Vec<Ring>) {
    let driver = RawDriver::new(Sim::i82576());
    igb_up(&driver);
    driver.write(VT_CTL, vt_ctl);
    driver.write(0x5818, 3);
    let mut rings = Vec::new();
    for pool in 0..8 {
        let mut ring = driver.ring(rx(pool), 8);
        driver.write(rx(pool) + 0x0C, ONE_BUFFER);
        driver.start(&ring);
        driver.post(&mut ring, 7);
        rings.push(ring);
        driver.write(vmolr(pool), POOL | AUPE | if pool == 0 { BAM | MPME } else { 0 });
        if pool > 0 {
            bind(&driver, pool, mac(pool as u8), 1 << pool);
        }
    }
    driver.write(RCTL, OPEN);
    (driver, rings)
}

fn counts(rings: &mut [Ring]) -> Vec<usize> {
    rings.iter_mut().map(|ring| ring.take().len()).collect()
}

#[test]
fn sorts_by_the_pools_of_the_filter() {
    let (mut driver, mut rings) = vmdq(0);
    bind(&driver, 20, mac(20), 1 << 5);
    let frames = [
        frame(mac(1), 60, 1),
        frame(mac(7), 100, 2),
        frame(mac(20), 60, 2),
        frame(BROADCAST, 60, 3),
        frame(GROUP, 60, 4),
        frame(mac(99), 60, 5),
        frame(driver.sim.mac(), 60, 5),
        tagged(mac(2), 64, 5),
    ];
    assert_eq!(driver.arrive(&frames), Settled::Idle);
    let got: Vec<_> = rings.iter_mut().map(Ring::take_frames).collect();
    assert_eq!(got[0], frames[3..7]);
    assert_eq!((&got[1][..], &got[2][..]), (&frames[..1], &frames[7..]));
    assert_eq!((&got[5][..], &got[7][..]), (&frames[2..3], &frames[1..2]));
    assert_eq!(driver.read(0x1_0010), 4, "PFVFGPRC of pool 0");
    driver.assert_clean();
}

#[test]
fn the_default_pool_takes_what_nobody_wants() {
    let (mut driver, mut rings) = vmdq(6 << 7);
    driver.write(vmolr(0), POOL | AUPE);
    // Broadcast and multicast too: the rule of the datasheet, not QEMU's.
    assert_eq!(
        driver.arrive(&[frame(mac(99), 60, 1), frame(BROADCAST, 60, 2), frame(GROUP, 60, 3)]),
        Settled::Idle
    );
    assert_eq!(counts(&mut rings), [0, 0, 0, 0, 0, 0, 3, 0]);

    let (mut driver, mut rings) = vmdq(1 << 29);
    assert_eq!(driver.arrive(&[frame(mac(99), 60, 1), frame(mac(2), 60, 1)]), Settled::Idle);
    assert_eq!(counts(&mut rings), [0, 0, 1, 0, 0, 0, 0, 0], "DIS_DEF_POOL");
    assert_eq!(driver.sim.drops().filtered, 1);
    driver.assert_clean();
}

#[test]
fn unknown_unicast_needs_upe_even_for_the_default_pool() {
    let (mut driver, mut rings) = vmdq(0);
    driver.clear(RCTL, 1 << 3);
    assert_eq!(driver.arrive(&[frame(mac(99), 60, 1)]), Settled::Idle);
    assert_eq!(counts(&mut rings), [0; 8]);
    assert_eq!(driver.sim.drops().filtered, 1);
}

#[test]
fn multicast_by_hash_reaches_the_pools_with_rompe() {
    let (mut driver, mut rings) = vmdq(RPL_EN);
    driver.clear(RCTL, 1 << 4);
    let hashed = [1, 0, 0x5e, 0, 0x34, 0x12];
    driver.write(0x5200 + 4 * (0x123 >> 5), 1 << (0x123 & 31));
    driver.write(vmolr(0), POOL | AUPE);
    driver.write(vmolr(3), POOL | AUPE | ROMPE);
    assert_eq!(driver.arrive(&[frame(hashed, 60, 1), frame(GROUP, 60, 1)]), Settled::Idle);
    assert_eq!(counts(&mut rings), [0, 0, 0, 1, 0, 0, 0, 0]);
}

#[test]
fn broadcast_and_multicast_go_where_vmolr_says() {
    let (mut driver, mut rings) = vmdq(6 << 7);
    driver.write(vmolr(0), POOL | AUPE);
    driver.write(vmolr(3), POOL | AUPE | MPME);
    driver.write(vmolr(4), POOL | AUPE | BAM);
    assert_eq!(driver.arrive(&[frame(GROUP, 60, 1), frame(BROADCAST, 60, 1)]), Settled::Idle);
    assert_eq!(counts(&mut rings), [0, 0, 0, 1, 1, 0, 0, 0]);
    driver.assert_clean();
}

#[test]
fn replication_is_a_choice() {
    for (vt_ctl, wanted) in [(RPL_EN, [0, 0, 1, 0, 1, 0, 0, 0]), (0, [0, 0, 1, 0, 0, 0, 0, 0])] {
        let (mut driver, mut rings) = vmdq(vt_ctl);
        bind(&driver, 9, mac(50), 1 << 2 | 1 << 4);
        assert_eq!(driver.arrive(&[frame(mac(50), 60, 1)]), Settled::Idle);
        assert_eq!(counts(&mut rings), wanted);
        driver.assert_clean();
    }
}

#[test]
fn a_blocked_copy_does_not_repeat_the_others() {
    let (mut driver, mut rings) = vmdq(RPL_EN);
    bind(&driver, 9, mac(50), 1 << 2 | 1 << 4);
    let hog: Vec<_> = (0..7).map(|n| frame(mac(4), 60, n)).collect();
    assert_eq!(driver.arrive(&hog), Settled::Idle);
    assert_eq!(driver.arrive(&[frame(mac(50), 60, 1)]), Settled::Blocked { waiting: 1 });
    assert_eq!(rings[2].take().len(), 1);
    rings[4].take();
    driver.post(&mut rings[4], 6);
    assert_eq!(driver.sim.settle(), Settled::Idle);
    assert_eq!((rings[2].take().len(), rings[4].take().len()), (0, 1));
}

#[test]
fn vlans_narrow_the_pools() {
    let (mut driver, mut rings) = vmdq(0);
    driver.set(RCTL, VFE);
    driver.write(0x5600, 1 << 5 | 1 << 6);
    driver.write(0x5D04, 1 << 31 | 1 << (12 + 3) | 5);
    driver.write(vmolr(2), POOL);
    let frames = [
        tagged(mac(3), 64, 5), // VLVF names pool 3.
        tagged(mac(4), 64, 5), // The address says 4, the VLAN says 3: default pool.
        tagged(mac(3), 64, 6), // In VFTA, but no VLVF: default pool.
        tagged(mac(3), 64, 7), // Not in VFTA: not accepted.
        frame(mac(2), 60, 1),  // Pool 2 takes no untagged frames: default pool.
    ];
    assert_eq!(driver.arrive(&frames), Settled::Idle);
    assert_eq!(counts(&mut rings), [3, 0, 0, 1, 0, 0, 0, 0]);
    assert_eq!(driver.sim.drops().filtered, 1);
    driver.assert_clean();
}

#[test]
fn each_pool_strips_tags_or_not_and_the_default_pool_never() {
    let (mut driver, mut rings) = vmdq(0);
    driver.write(vmolr(1), POOL | AUPE | STRVLAN);
    driver.set(vmolr(0), STRVLAN);
    assert_eq!(
        driver.arrive(&[tagged(mac(1), 80, 9), tagged(mac(2), 80, 9), tagged(mac(99), 80, 9)]),
        Settled::Idle
    );
    let got: Vec<_> = rings.iter_mut().take(3).map(|ring| ring.take().remove(0)).collect();
    assert_eq!(
        got.iter().map(|got| (got.tag(), got.bytes.len())).collect::<Vec<_>>(),
        [(None, 80), (Some(9), 76), (None, 80)]
    );
}

/// How a driver has tags removed from frames that no other pool matched: the default pool selects them by UTA.
#[test]
fn the_default_pool_strips_what_uta_leads_to_it() {
    let (mut driver, mut rings) = vmdq(0);
    driver.set(vmolr(0), STRVLAN | 1 << 26);
    for word in 0..128 {
        driver.write(0xA000 + 4 * word, u32::MAX);
    }
    // CTRL.VME makes no difference while VMDq is on.
    for vme in [0, 1 << 30] {
        driver.write(common::CTRL, driver.read(common::CTRL) & !(1 << 30) | vme);
        assert_eq!(driver.arrive(&[tagged(mac(99), 80, 0x6009), tagged(mac(2), 80, 9)]), Settled::Idle);
        let got = rings[0].take().remove(0);
        assert_eq!((got.tag(), got.bytes.len()), (Some(0x6009), 76));
        let got = rings[2].take().remove(0);
        assert_eq!((got.tag(), got.bytes.len()), (None, 80));
    }
}

#[test]
fn each_pool_has_its_own_limit() {
    let (mut driver, mut rings) = vmdq(RPL_EN);
    driver.write(vmolr(1), 1 << 31 | AUPE | 1 << 16 | 300);
    bind(&driver, 9, mac(50), 1 << 1 | 1 << 2);
    let frames = [
        frame(mac(1), 296, 1),
        frame(mac(1), 297, 1),
        frame(mac(2), 1514, 1),
        frame(mac(2), 1515, 1),
        frame(mac(50), 400, 1),
    ];
    assert_eq!(driver.arrive(&frames), Settled::Idle);
    assert_eq!(counts(&mut rings)[..3], [0, 1, 2]);
    assert_eq!(driver.read(0x40AC), 2, "ROC only if all pools refuse");
    driver.assert_clean();
}

#[test]
fn a_pool_that_may_not_receive_drops() {
    let (mut driver, mut rings) = vmdq(0);
    driver.write(VFRE, 0xfd);
    assert_eq!(driver.arrive(&[frame(mac(1), 60, 1), frame(mac(2), 60, 1)]), Settled::Idle);
    assert_eq!(counts(&mut rings)[..3], [0, 0, 1]);
    assert_eq!(driver.sim.drops().disabled, 1);
}

#[test]
fn qde_drops_where_srrctl_would_block() {
    let (mut driver, mut rings) = vmdq(0);
    let mut frames: Vec<_> = (0..9).map(|n| frame(mac(1), 60, n)).collect();
    frames.push(frame(mac(2), 60, 99));
    assert_eq!(driver.arrive(&frames), Settled::Blocked { waiting: 3 });
    driver.write(QDE, 1 << 1);
    assert_eq!(driver.sim.settle(), Settled::Idle);
    assert_eq!(rings[2].take_frames(), frames[9..]);
    assert_eq!(driver.read(rx(1) + 0x30), 2, "RQDPC");
}

#[test]
fn the_low_block_shows_the_same_queues() {
    let driver = RawDriver::new(Sim::i82576());
    driver.write(0x2900 + 0x08, 256);
    assert_eq!(driver.read(rx(1) + 0x08), 256);
    driver.write(tx(3), 0x4000);
    assert_eq!(driver.read(0x3B00), 0x4000);
    driver.assert_clean();
}

#[test]
fn queues_send_in_turn_and_vfte_holds_one_back() {
    let driver = &mut RawDriver::new(Sim::i82576());
    igb_up(driver);
    driver.write(0x5818, 3);
    driver.set(0x0400, 1 << 1);
    let mut rings: Vec<_> = (0..16).map(|queue| driver.ring(tx(queue), 8)).collect();
    rings.iter().for_each(|ring| driver.start(ring));
    driver.write(0x0C90, 0xfb);
    for ring in &mut rings {
        (0..3).for_each(|n| driver.send(ring, &frame(mac(9), 60, n)));
    }
    assert_eq!(driver.sim.settle(), Settled::Idle);
    let order = |driver: &mut RawDriver| {
        driver.sim.take_sent().iter().map(|sent| sent.queue.unwrap()).collect::<Vec<_>>()
    };
    let round: Vec<_> = (0..16).filter(|queue| queue % 8 != 2).collect();
    assert_eq!(order(driver), [&round[..], &round[..], &round[..]].concat());
    driver.write(0x0C90, 0xff);
    assert_eq!(driver.sim.settle(), Settled::Idle);
    assert_eq!(order(driver), [2, 10, 2, 10, 2, 10]);
    driver.assert_clean();
}

#[test]
fn interrupts_go_where_ivar_says() {
    let (mut driver, mut rings) = vmdq(0);
    driver.read(0x00C0);
    driver.write(0x1514, 1 | 1 << 4 | 1 << 30 | 1 << 31);
    driver.write(0x1740, (0x80 | 9) << 8);
    // Queue 1: receive on vector 3, transmit on vector 4; queue 9: transmit on vector 5.
    driver.write(0x1704, 0x83 | 0x84 << 8 | 0x85 << 24);
    driver.write(0x152C, 0x3f);
    driver.write(0x1524, 0x23f);
    driver.write(0x1508, 1 << 2);
    assert_eq!(driver.arrive(&[frame(mac(1), 60, 1), frame(mac(2), 60, 1)]), Settled::Idle);
    assert_eq!(driver.sim.take_interrupts(), [3], "queue 2 has no entry");
    assert_eq!(rings[1].take().len(), 1);
    for queue in [1, 9] {
        let mut ring = driver.ring(tx(queue), 8);
        driver.start(&ring);
        driver.send(&mut ring, &frame(mac(9), 60, 1));
    }
    driver.set(0x0400, 1 << 1);
    assert_eq!(driver.sim.settle(), Settled::Idle);
    assert_eq!(driver.sim.take_interrupts(), [4, 5]);
    driver.write(0x1520, 1 << 9);
    driver.write(0x1520, 1 << 9);
    assert_eq!(driver.sim.take_interrupts(), [9], "EICS; not repeated while pending");
    driver.write(0x1580, 1 << 9);
    driver.write(0x1520, 1 << 9);
    assert_eq!(driver.sim.take_interrupts(), [9]);
    assert!(!driver.sim.interrupt_line());
    driver.assert_clean();
}

#[test]
fn without_msix_there_is_a_line() {
    let (mut driver, _rings) = vmdq(0);
    driver.read(0x00C0);
    driver.write(0x00D0, 1 << 7);
    assert!(!driver.sim.interrupt_line());
    assert_eq!(driver.arrive(&[frame(mac(1), 60, 1)]), Settled::Idle);
    assert!(driver.sim.interrupt_line());
    assert_eq!(driver.read(0x1500), 1 << 31 | 1 << 7, "ICR: INT_ASSERTED, RXDW");
    driver.read(0x1580);
    assert!(!driver.sim.interrupt_line());
    assert_eq!(driver.sim.take_interrupts(), []);
}
