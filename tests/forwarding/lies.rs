//! Joined rings against a device that lies.

use vmdq_sim::{InjectedFault, Rule, Sim, Testbed};

use crate::common::{Concrete, Forward, Joined, number};
use crate::{Exchanging, Machine, StayingInPlace, frames, pair, sent};

pub(crate) fn any_length_may_be_claimed<M: Concrete>(bed: fn() -> Sim) {
    lengths::<M, Exchanging>(bed());
    lengths::<M, StayingInPlace>(bed());
}

fn lengths<M: Concrete, F: Forward<P = Machine>>(bed: Sim) {
    let (mut setup, _, pair) = pair::<M>(bed, 8);
    let mut joined = Joined::<M, F>::new(pair);
    let total = joined.total();
    let (mut too_long, mut malformed) = (0, 0);
    for claimed in [0, 1, 13, 14, 59, 1514, 1515, 1518, 1519, 2048, 2049, 0x3fff, 0x8000, 0xffff] {
        setup.bed.inject_fault(InjectedFault::ClaimLength(claimed));
        setup.inject(&frames(0..2));
        let (mut seen, mut out) = (Vec::new(), Vec::new());
        for _ in 0..4 {
            joined.forwarder.forward(32, &mut |frame| {
                seen.push(frame.bytes().len());
                true
            });
            assert_eq!(joined.total(), total);
            out.extend(sent(&mut setup));
        }
        match claimed {
            14..=1514 => {}
            1515..=2048 => too_long += 1,
            _ => malformed += 1,
        }
        let passes = (14..=1514).contains(&claimed);
        assert_eq!((seen.len(), out.len()), (1 + usize::from(passes), 1 + usize::from(passes)), "{claimed}");
        assert!(!passes || seen[0] == usize::from(claimed));
        assert_eq!(number(out.last().expect("a frame")), 1);
        let counters = joined.forwarder.rx().counters();
        assert_eq!((counters.too_long, counters.malformed), (too_long, malformed), "{claimed}");
    }
    setup.pairs[1] = Some(joined.split());
    setup.finish();
}

pub(crate) fn lies_in_a_row_leave_joined_rings_sound<M: Concrete>(bed: fn() -> Sim) {
    for descriptors in [8, 64] {
        in_a_row::<M, Exchanging>(bed(), descriptors);
        in_a_row::<M, StayingInPlace>(bed(), descriptors);
    }
}

fn in_a_row<M: Concrete, F: Forward<P = Machine>>(bed: Sim, descriptors: usize) {
    let (mut setup, _, pair) = pair::<M>(bed, descriptors);
    let mut joined = Joined::<M, F>::new(pair);
    let total = joined.total();
    let lies = [
        InjectedFault::ClaimLength(0xffff),
        InjectedFault::NoEndOfPacket,
        InjectedFault::AllErrors,
        InjectedFault::NoEndOfPacket,
        InjectedFault::ClaimLength(2049),
        InjectedFault::SpuriousDone,
        InjectedFault::ClaimLength(0),
    ];
    for round in 0..60 {
        setup.bed.inject_fault(lies[round % lies.len()]);
        setup.bed.inject_fault(lies[(3 * round + 1) % lies.len()]);
        setup.inject(&frames(0..6));
        for call in 0..4 {
            joined.forwarder.forward(16, &mut |frame| {
                assert!((14..=1514).contains(&frame.bytes().len()));
                (round + call) % 3 != 0
            });
            assert_eq!(joined.total(), total);
            let _ = sent(&mut setup);
        }
    }
    // An honest device is served again, once the ring has been gone through.
    setup.bed.clear_faults();
    for _ in 0..40 {
        setup.inject(&frames(0..5));
        for _ in 0..4 {
            joined.forwarder.forward(16, &mut |_| true);
            let _ = sent(&mut setup);
        }
    }
    setup.inject(&frames(0..5));
    assert_eq!(joined.forwarder.forward(16, &mut |_| true), 5);
    assert_eq!(sent(&mut setup), frames(0..5));
    let found = setup.bed.violations();
    assert!(found.iter().all(|found| found.rule == Rule::DescriptorNotReady), "{found:?}");
    setup.bed.forget_violations();
    setup.pairs[1] = Some(joined.split());
    setup.finish();
}
