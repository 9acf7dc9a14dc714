//! The device's side of the rings played at random, honest and lying, against random calls of every
//! method: nothing panics, each buffer is in one place at any time, and no frame is longer than its
//! buffer or than the port's limit.

#[path = "../common/mod.rs"]
mod common;

mod device;
mod driver;

use device::Device;
use driver::{Call, Driver};
use proptest::prelude::*;
use vmdq::Controller;
use vmdq::igb::{I82575, I82576};
use vmdq::ixgbe::I82598;
use vmdq_sim::Sim;

/// What the device does.
#[derive(Clone, Copy, Debug)]
enum Deed {
    Receive(u32, u16),
    Send(u32),
    Lie(u32, u64),
    LieSent(u32),
}

#[derive(Clone, Copy, Debug)]
enum Step {
    Device(Deed),
    Driver(Call),
}

fn play<M: Concrete>(bed: Sim, steps: &[Step]) {
    let (mut driver, mut device): (Driver<M>, Device) = Driver::start(bed);
    for step in steps {
        match step {
            Step::Device(Deed::Receive(frames, len)) => device.receive(*frames, *len),
            Step::Device(Deed::Send(frames)) => device.send(*frames),
            Step::Device(Deed::Lie(index, word)) => device.lie(*index, *word),
            Step::Device(Deed::LieSent(index)) => device.lie_sent(*index),
            Step::Driver(call) => driver.call(*call),
        }
        driver.check();
    }
    driver.finish();
}

/// A word that a device may write back: flags and lengths that matter.
fn word() -> impl Strategy<Value = u64> {
    let len = prop_oneof![0..20u64, 1510..1525u64, 2040..2060u64, any::<u16>().prop_map(u64::from)];
    // DD, EOP, VP and what else there is.
    let status =
        prop_oneof![8 => Just(3u64), 2 => Just(1), 2 => Just(0xb), 1 => any::<u32>().prop_map(u64::from)];
    (status, len, any::<u16>()).prop_map(|(status, len, tag)| status | len << 32 | u64::from(tag) << 48)
}

fn honest() -> impl Strategy<Value = Deed> {
    prop_oneof![
        (1..9u32, prop_oneof![Just(60u16), 14..1515u16]).prop_map(|(n, len)| Deed::Receive(n, len)),
        (1..9u32).prop_map(Deed::Send),
    ]
}

fn lie() -> impl Strategy<Value = Deed> {
    prop_oneof![
        2 => (0..8u32, word()).prop_map(|(index, word)| Deed::Lie(index, word)),
        1 => (0..8u32).prop_map(Deed::LieSent),
    ]
}

fn call() -> impl Strategy<Value = Call> {
    let pool = 0..3usize;
    let len = prop_oneof![3 => Just(60usize), 1 => 12..16usize, 1 => 1516..1521usize];
    prop_oneof![
        2 => (0..10usize).prop_map(Call::Receive),
        3 => (0..10usize, pool.clone()).prop_map(|(most, pool)| Call::ReceiveReplacing(most, pool)),
        3 => pool.clone().prop_map(Call::ReceiveOne),
        2 => pool.clone().prop_map(Call::Refill),
        1 => Just(Call::PostOne),
        3 => (0..10usize).prop_map(Call::Send),
        3 => Just(Call::SendOne),
        2 => pool.clone().prop_map(Call::Reclaim),
        1 => (0..5usize).prop_map(Call::ReclaimInto),
        3 => (0..6usize, pool.clone()).prop_map(|(count, pool)| Call::Put(count, pool)),
        3 => (len, pool.clone()).prop_map(|(len, pool)| Call::Take(len, pool)),
        1 => pool.clone().prop_map(Call::Exchange),
        1 => pool.clone().prop_map(Call::InPlace),
        6 => (0..12usize, any::<u16>()).prop_map(|(most, passes)| Call::Forward(most, passes)),
        2 => (0..9usize).prop_map(Call::ForwardUpToPanic),
        1 => pool.prop_map(Call::Split),
    ]
}

fn steps(deed: impl Strategy<Value = Deed>) -> impl Strategy<Value = Vec<Step>> {
    prop::collection::vec(prop_oneof![deed.prop_map(Step::Device), call().prop_map(Step::Driver)], 1..250)
}

fn any_deed() -> impl Strategy<Value = Deed> {
    prop_oneof![2 => honest(), 1 => lie()]
}

fn config() -> ProptestConfig {
    ProptestConfig { cases: 96, failure_persistence: None, ..ProptestConfig::default() }
}

/// Whoever always leaves some behind never comes to the end of a report: those before it must not be
/// taken for ones that later frames, in the same descriptors, asked for.
#[test]
fn reports_do_not_outlive_their_frames() {
    for (batch, left, rounds) in
        (1..4).flat_map(|b| (1..4).flat_map(move |l| (1..20).map(move |r| (b, l, r))))
    {
        let mut steps = Vec::new();
        let send = |steps: &mut Vec<Step>, count: usize| {
            steps.extend(std::iter::repeat_n(Step::Driver(Call::Take(60, 0)), count));
            steps.push(Step::Driver(Call::Send(count)));
        };
        send(&mut steps, left);
        for _ in 0..rounds {
            send(&mut steps, batch);
            steps.push(Step::Device(Deed::Send(8)));
            steps.push(Step::Driver(Call::ReclaimInto(batch)));
            steps.push(Step::Driver(Call::Put(batch, 0)));
        }
        // The newest report is not seen, so the oldest is looked at.
        send(&mut steps, batch);
        steps.push(Step::Driver(Call::ReclaimInto(7)));
        play::<I82575>(Sim::i82575(), &steps);
    }
}

proptest! {
    #![proptest_config(config())]

    #[test]
    fn an_honest_82575_leaves_every_buffer_in_one_place(steps in steps(honest())) {
        play::<I82575>(Sim::i82575(), &steps);
    }

    #[test]
    fn an_honest_82598_leaves_every_buffer_in_one_place(steps in steps(honest())) {
        play::<I82598>(Sim::i82598(), &steps);
    }

    #[test]
    fn a_lying_82575_leaves_every_buffer_in_one_place(steps in steps(any_deed())) {
        play::<I82575>(Sim::i82575(), &steps);
    }

    #[test]
    fn a_lying_82576_leaves_every_buffer_in_one_place(steps in steps(any_deed())) {
        play::<I82576>(Sim::i82576(), &steps);
    }

    #[test]
    fn a_lying_82598_leaves_every_buffer_in_one_place(steps in steps(any_deed())) {
        play::<I82598>(Sim::i82598(), &steps);
    }
}
