//! Register sequences against registers that remember, and no device behind them: the order of writes, what is
//! waited for and how long, and what is made of a device that is gone or of a window that nobody decodes.

mod fake;

use ixgbe_hal::I82598;
use vmdq_hal::device::{
    Counters, Filters, Life, LinkControl, NotStopped, Pools, Queues, ReceiveSetup, RingKind, RingSetup,
    Vectors,
};
use vmdq_hal::ring::BufferSize;
use vmdq_hal::{
    Causes, Config, Fault, FilterIndex, Link, MacAddress, PoolIndex, PoolSet, RingIndex, Speed, Statistics,
    VectorIndex,
};

use fake::{
    AUTOC, Answers, CTRL, EICS, EIMC, ENABLE, Fake, GCR, GHECCR, LINKS, MASTER_DISABLE, MTA, RDRXCTL, RST,
    RXCTRL, SW_FW_SYNC, UP_10G, VFTA, io, platform, rah, ral, rxdctl, srrctl, txdctl,
};

fn gone<T: core::fmt::Debug>(result: Result<T, Fault>) {
    assert!(matches!(result, Err(Fault::Gone)), "{result:?}");
}

#[test]
fn the_link_is_asked_for_within_a_second_whatever_registers_say() {
    for (answers, semaphore) in [
        (Answers::Device, 0),
        // Every bit of the semaphores is somebody else's.
        (Answers::Device, u32::MAX >> 1),
        (Answers::Zeros, 0),
        (Answers::Ones, 0),
    ] {
        let fake = Fake::new(answers);
        fake.set(SW_FW_SYNC, semaphore);
        let platform = platform(&fake);
        let asked = I82598.start(io(&platform));
        assert!(fake.0.waited.get() <= 1_000_000);
        if answers == Answers::Ones {
            gone(asked);
        } else {
            assert_eq!(asked, Ok(()));
            assert!(fake.cell(AUTOC) & 1 << 12 != 0, "auto-negotiation is restarted");
        }
    }
}

#[test]
fn a_link_is_up_only_if_a_device_says_so() {
    let fake = Fake::new(Answers::Device);
    let platform = platform(&fake);
    let state = || I82598.state(io(&platform));
    assert_eq!(state(), Link::Down);
    fake.set(LINKS, UP_10G);
    assert_eq!(state(), Link::Up(Speed::Gbit10));
    fake.set(LINKS, 1 << 30);
    assert_eq!(state(), Link::Up(Speed::Gbit1));
    fake.0.answers.set(Answers::Ones);
    assert_eq!(state(), Link::Down);
    assert_eq!(I82598.causes(io(&platform)), Causes::FATAL);
    fake.0.answers.set(Answers::Device);
    fake.set(EICS, 1 << 20);
    assert_eq!(I82598.causes(io(&platform)), Causes::LINK);
}

#[test]
fn what_nobody_decodes_holds_nothing() {
    for (answers, held) in [(Answers::Device, true), (Answers::Zeros, false), (Answers::Ones, false)] {
        let fake = Fake::new(answers);
        let platform = platform(&fake);
        assert_eq!(I82598.holds_what_is_written(io(&platform)), held);
        assert!(fake.writes().iter().all(|&(at, _)| at == MTA || at == VFTA));
        assert_eq!([MTA, VFTA].map(|at| fake.cell(at)), [0; 2], "they are left as `init` leaves them");
    }
}

#[test]
fn a_quiesced_device_has_no_ring_and_was_seen_quiet_for_a_while() {
    let fake = Fake::new(Answers::Device);
    fake.set(LINKS, UP_10G);
    fake.set(RXCTRL, 1);
    for ring in 0..64 {
        fake.set(rxdctl(ring), ENABLE);
        fake.set(txdctl(ring % 32), ENABLE);
    }
    let platform = platform(&fake);
    assert_eq!(I82598.quiesce(io(&platform)), Ok(()));
    assert!((0..64).all(|ring| fake.cell(rxdctl(ring)) & ENABLE == 0));
    assert!((0..32).all(|ring| fake.cell(txdctl(ring)) & ENABLE == 0));
    let writes = fake.writes();
    let place = |wanted| writes.iter().position(|&(at, _)| at == wanted).expect("written");
    let last_ring = writes.iter().rposition(|&(at, _)| Fake::is_control(at)).expect("written");
    assert!(last_ring < place(RXCTRL) && place(RXCTRL) < place(CTRL));
    let quiet = fake.0.quiet_at.get().expect("STATUS was read after the master disable");
    assert!(fake.0.waited.get() >= quiet + 100, "what was under way has time to land");
}

#[test]
fn nobody_is_not_quiet() {
    // A window that is not decoded reads as zeros: STATUS would say that no request is under way.
    let fake = Fake::new(Answers::Zeros);
    let silent = platform(&fake);
    match I82598.quiesce(io(&silent)) {
        Err(Fault::TimedOut(timed_out)) => assert_eq!(timed_out.register.bytes(), CTRL),
        other => panic!("{other:?}"),
    }
    let fake = Fake::new(Answers::Ones);
    let removed = platform(&fake);
    gone(I82598.reset(io(&removed)));
    assert!(fake.writes().is_empty() && fake.0.waited.get() == 0, "nothing is tried");
    gone(I82598.quiesce(io(&removed)));
    assert!(I82598.is_gone(io(&removed)));
}

#[test]
fn a_reset_ends_with_interrupts_masked_and_does_not_wait_for_ever() {
    let fake = Fake::new(Answers::Device);
    let alive = platform(&fake);
    fake.set(GHECCR, u32::MAX);
    let warnings = I82598.reset(io(&alive)).expect("a device");
    assert_eq!(fake.cell(GHECCR), !(1 << 21 | 1 << 18 | 1 << 9 | 1 << 6), "erratum");
    assert_eq!(fake.cell(GCR), 1 << 12, "completion time-out 10 ms, nothing sent again");
    let writes = fake.writes();
    let masked = writes.iter().filter(|&&write| write == (EIMC, u32::MAX)).count();
    assert_eq!(masked, 2, "before and after");
    assert!(!warnings.master_not_quiet && !warnings.nvm_not_read);
    assert!(writes.contains(&(CTRL, MASTER_DISABLE | RST)));
    let fake = Fake::new(Answers::Zeros);
    let silent = platform(&fake);
    assert!(I82598.reset(io(&silent)).is_err(), "DMAIDONE is never seen");
    assert!(fake.0.waited.get() < 1_000_000);
}

#[test]
fn initialisation_leaves_no_address_but_the_ports_own() {
    let fake = Fake::new(Answers::Device);
    for entry in 0..16 {
        fake.set(ral(entry), 0x1234_5602 + entry);
        fake.set(rah(entry), 1 << 31 | 5 << 18 | 0x789a);
    }
    fake.set(MTA + 4 * 127, u32::MAX);
    fake.set(0xa1fc, u32::MAX);
    fake.set(0xa9fc, u32::MAX);
    let platform = platform(&fake);
    I82598.init(io(&platform), &Config::DEFAULT);
    assert!((1..16).all(|entry| (fake.cell(ral(entry)), fake.cell(rah(entry))) == (0, 0)));
    assert_eq!(I82598.address(io(&platform)), MacAddress([0x02, 0x56, 0x34, 0x12, 0x9a, 0x78]));
    assert_eq!([MTA + 4 * 127, 0xa1fc, 0xa9fc].map(|at| fake.cell(at)), [0; 3]);
    let writes = fake.writes();
    let place = |wanted| writes.iter().position(|&(at, _)| at == wanted).expect("written");
    assert!(place(rah(3)) < place(ral(3)), "AV is off first");
    // The frame limit with room for a tag, in MAXFRS 31:16.
    assert_eq!(fake.cell(0x4268) >> 16, 1518 + 4);
}

#[test]
fn entry_0_leads_to_the_default_pool_when_vmdq_is_turned_on() {
    let fake = Fake::new(Answers::Device);
    fake.set(rah(0), 1 << 31 | 9 << 18 | 0x789a);
    let platform = platform(&fake);
    I82598.enable(io(&platform), &Config::DEFAULT);
    assert_eq!(fake.cell(rah(0)), 1 << 31 | 0x789a);
    // 2 KiB, one buffer, drops: no SRRCTL may be 0 while MVMEN is set.
    assert!((0..16).all(|pool| fake.cell(srrctl(pool)) == 2 | 1 << 25 | 1 << 28));
    assert_eq!(fake.cell(0x581c), 1, "VMD_CTL: on, by address, default index 0");
    assert_eq!(fake.cell(0x5080), 1 << 12 | 1 << 10 | 1 << 8, "FCTRL: PMCF, BAM, MPE");
    assert_eq!(fake.writes().last(), Some(&(RXCTRL, 3)), "the receiver is turned on last");
    assert_eq!(I82598.default_pool(io(&platform)), PoolIndex::new(0));
}

#[test]
fn vmdq_goes_off_after_the_receiver_has_run_empty() {
    let fake = Fake::new(Answers::Device);
    let platform = platform(&fake);
    I82598.enable(io(&platform), &Config { strip_tags: true, ..Config::DEFAULT });
    assert_eq!(fake.cell(0x5088), 1 << 31 | 0x8100, "VLNCTRL: VME, VET");
    fake.writes();
    I82598.disable(io(&platform));
    assert!(fake.0.waited.get() >= 10_000, "what is in the packet buffer leaves it");
    let places: Vec<_> = fake.writes().into_iter().map(|(at, _)| at).collect();
    assert_eq!(places, [EIMC, RXCTRL, 0x581c, RDRXCTL, 0x5080]);
    assert_eq!([RXCTRL, 0x581c, RDRXCTL, 0x5080].map(|at| fake.cell(at) & !8), [0; 4]);
}

#[test]
fn a_filter_comes_to_life_complete_and_dies_whole() {
    let fake = Fake::new(Answers::Device);
    let platform = platform(&fake);
    let (entry, address) = (FilterIndex::new(7), MacAddress([2, 0, 0, 0, 0x11, 0x22]));
    I82598.add(io(&platform), entry, address, PoolIndex::new(13));
    assert_eq!(fake.writes(), [(ral(7), 2), (rah(7), 1 << 31 | 13 << 18 | 0x2211)]);
    I82598.redirect(io(&platform), entry, address, PoolIndex::new(4));
    assert_eq!(fake.writes(), [(rah(7), 1 << 31 | 4 << 18 | 0x2211)]);
    I82598.remove(io(&platform), entry);
    assert_eq!(fake.writes(), [(rah(7), 0), (ral(7), 0)]);
}

const RING: RingSetup = RingSetup {
    ring: RingIndex::new(5),
    pool: PoolIndex::new(5),
    base: 0x1_2345_6780,
    descriptors: 64,
    first: 0,
};

#[test]
fn a_ring_is_handed_over_while_it_is_off_and_enabled_last() {
    let fake = Fake::new(Answers::Device);
    fake.set(LINKS, UP_10G);
    let platform = platform(&fake);
    let size = BufferSize::kib(4).expect("a size");
    let receive = ReceiveSetup { size, header: Some(4), drops: true, strip_tags: false };
    // SAFETY: no device uses the address.
    assert_eq!(unsafe { I82598.start_receive(io(&platform), RING, receive) }, Ok(true));
    let base = 0x1000 + 0x40 * 5;
    let types = 0x3ff | 1 << 12;
    let format = 4 | 4 << 8 | 3 << 25 | 1 << 28;
    assert_eq!(
        fake.writes(),
        [
            (rxdctl(5), 0),
            (base, 0x2345_6780),
            (base + 4, 1),
            (base + 8, 1024),
            (base + 0x10, 0),
            (base + 0x18, 0),
            (0x5480 + 4 * 5, types),
            (srrctl(5), format),
            (rxdctl(5), ENABLE | 32 | 4 << 8 | 1 << 16),
        ]
    );
    // SAFETY: no device uses the address.
    assert_eq!(unsafe { I82598.start_transmit(io(&platform), RING) }, Ok(true));
    let base = 0x6000 + 0x40 * 5;
    assert_eq!(
        fake.writes(),
        [
            (txdctl(5), 1 << 26),
            (base, 0x2345_6780),
            (base + 4, 1),
            (base + 8, 1024),
            (base + 0x10, 0),
            (base + 0x18, 0),
            (base + 0x38, 0),
            (txdctl(5), ENABLE | 1 << 16),
        ]
    );
    assert_eq!(I82598.tail(RingKind::Receive, RING.ring).bytes(), 0x1018 + 0x40 * 5);
    assert_eq!(I82598.tail(RingKind::Transmit, RING.ring).bytes(), 0x6018 + 0x40 * 5);
}

#[test]
fn without_a_link_a_ring_starts_unseen_and_is_not_taken_for_stopped() {
    let fake = Fake::new(Answers::Device);
    let platform = platform(&fake);
    let ring = RING.ring;
    // SAFETY: no device uses the address.
    assert_eq!(unsafe { I82598.start_transmit(io(&platform), RING) }, Ok(false));
    assert_eq!(I82598.stop(io(&platform), RingKind::Transmit, ring, &mut true), Err(NotStopped::LinkDown));
    assert_eq!(I82598.stop(io(&platform), RingKind::Receive, ring, &mut true), Err(NotStopped::LinkDown));

    fake.set(LINKS, UP_10G);
    let waited = fake.0.waited.get();
    assert_eq!(I82598.stop(io(&platform), RingKind::Transmit, ring, &mut false), Ok(()));
    assert!(fake.0.waited.get() >= waited + 100, "what was under way has time to land");
    // Off by now: a 0 that was there all along proves nothing.
    assert!(matches!(
        I82598.stop(io(&platform), RingKind::Transmit, ring, &mut false),
        Err(NotStopped::Fault(Fault::TimedOut(_)))
    ));

    fake.set(rxdctl(5), ENABLE);
    fake.set(0x1008 + 0x40 * 5, 1024);
    fake.0.link_falls.set(true);
    assert_eq!(I82598.stop(io(&platform), RingKind::Receive, ring, &mut true), Err(NotStopped::LinkDown));
}

#[test]
fn a_transmit_ring_sends_what_it_holds_before_it_stops_and_a_receive_ring_does_not_wait() {
    let fake = Fake::new(Answers::Device);
    let platform = platform(&fake);
    fake.set(LINKS, UP_10G);
    // Head and tail differ, and stay so: nothing is sent, and nothing arrives.
    for (kind, base, control) in
        [(RingKind::Transmit, 0x6000, txdctl(5)), (RingKind::Receive, 0x1000, rxdctl(5))]
    {
        let base = base + 0x40 * 5;
        fake.set(base + 8, 1024);
        fake.set(base + 0x18, 3);
        fake.set(control, ENABLE);
        let before = fake.0.waited.get();
        assert_eq!(I82598.stop(io(&platform), kind, RING.ring, &mut true), Ok(()));
        let drained = fake.0.waited.get() - before >= 10_000;
        assert_eq!(drained, kind == RingKind::Transmit, "{kind:?}");
        // Of a window that is not decoded the length reads 0, too.
        fake.set(base + 8, 0);
        fake.set(control, ENABLE);
        let stopped = I82598.stop(io(&platform), kind, RING.ring, &mut true);
        assert!(matches!(stopped, Err(NotStopped::Fault(Fault::TimedOut(_)))), "{stopped:?}");
    }
}

#[test]
fn initialisation_turns_flow_control_off_and_has_transmit_rings_take_turns() {
    const RMCS: u32 = 0x3d00;
    const DPMCS: u32 = 0x7f40;
    const PDPMCS: u32 = 0xcd00;
    let fake = Fake::new(Answers::Device);
    let platform = platform(&fake);
    for register in [RMCS, DPMCS, PDPMCS] {
        fake.set(register, u32::MAX);
    }
    I82598.init(io(&platform), &Config::DEFAULT);
    assert_eq!(fake.cell(RMCS) & 0b11 << 3, 0, "802.3x and priority flow control of the transmitter");
    assert_eq!(fake.cell(DPMCS), !(1 | 1 << 4 | 1 << 6), "in turn by descriptors, and the arbiter is on");
    assert_eq!(fake.cell(PDPMCS), !(1 << 5), "in turn by packets");
}

#[test]
fn a_ring_of_a_device_that_is_gone_says_so() {
    let fake = Fake::new(Answers::Ones);
    let platform = platform(&fake);
    assert_eq!(
        I82598.stop(io(&platform), RingKind::Receive, RING.ring, &mut true),
        Err(NotStopped::Fault(Fault::Gone))
    );
    assert_eq!(
        I82598.stop(io(&platform), RingKind::Transmit, RING.ring, &mut true),
        Err(NotStopped::Fault(Fault::Gone))
    );
    // SAFETY: no device uses the address.
    gone(unsafe { I82598.start_transmit(io(&platform), RING) });
    // Gone after the ring was seen off, when there seems to be no link either.
    let fake = Fake::new(Answers::Device);
    fake.0.reads_left.set(1);
    let going = crate::platform(&fake);
    // SAFETY: no device uses the address.
    gone(unsafe { I82598.start_transmit(io(&going), RING) });
}

#[test]
fn a_device_that_is_gone_counts_nothing_also_if_it_goes_meanwhile() {
    let fake = Fake::new(Answers::Device);
    let counters = platform(&fake);
    fake.set(0x3fa0, 3);
    fake.set(0x4074, 10);
    fake.set(0x407c, 5);
    fake.set(0x4078, 2);
    fake.set(0x4080, 7);
    let mut statistics = Statistics::ZERO;
    I82598.add_to(io(&counters), &mut statistics);
    let counted = (statistics.missed, statistics.received, statistics.multicast, statistics.sent);
    assert_eq!(counted, (3, 7, 3, 7));
    fake.0.answers.set(Answers::Ones);
    fake.0.reads_left.set(9);
    I82598.add_to(io(&counters), &mut Statistics::default());
    assert_eq!(fake.0.reads_left.get(), 8, "each read of a device that is gone takes long");
    for answered in [0, 1, 5, 20] {
        fake.0.answers.set(Answers::Device);
        fake.0.reads_left.set(answered);
        let before = statistics;
        I82598.add_to(io(&counters), &mut statistics);
        assert_eq!(statistics, before);
    }
}

#[test]
fn a_vector_has_a_bit_for_rings_and_one_for_the_rest() {
    let fake = Fake::new(Answers::Device);
    let platform = platform(&fake);
    let (vector, pool) = (VectorIndex::new(11), PoolIndex::new(6));
    let bits = |pools, others| I82598.mask_bits(io(&platform), vector, pools, others);
    assert_eq!(bits(PoolSet::EMPTY, false), 0);
    assert_eq!(bits(PoolSet::EMPTY.with(pool), false), 1 << 11);
    assert_eq!(bits(PoolSet::EMPTY.with(pool), true), 1 << 11 | 1 << 20);
    I82598.route_others(io(&platform), vector);
    // Entries p (receive), 64 + p (transmit) and 97 (others), four to a register; bit 7 is valid.
    let entry = |number: u32| fake.cell(0x900 + number / 4 * 4) >> (number % 4 * 8) & 0xff;
    assert_eq!([96, 97, 98].map(entry), [0, 0x8b, 0]);
    for pool in 5..9 {
        I82598.route(io(&platform), VectorIndex::new(pool + 1), PoolIndex::new(pool));
        let pool = u32::from(pool);
        assert_eq!([pool, 64 + pool].map(entry), [0x80 | (pool + 1); 2]);
        assert_eq!([pool + 1, 65 + pool, 4, 68].map(entry), [0; 4], "neighbours stay");
    }
}
