//! Interrupts: routing, masks, messages.

use vmdq::Causes;
use vmdq_sim::{PlatformOf, Testbed};

use crate::bed::{Bed, Model};
use crate::common::{Concrete, Plan, STRANGER, Setup, frame, limits, pools, vm};

/// Routes the interrupts of a queue to a vector.
fn route<M: Concrete, T: Testbed>(setup: &mut Setup<M, PlatformOf<T>, T>, vector: usize, queue: usize) {
    let pool = &setup.pairs[queue].as_ref().expect("the queue runs").pool;
    setup.port.route(&mut setup.vectors[vector], pool).expect("both are this port's");
}

/// As many queues as can have a vector of their own.
fn pairs<M: Concrete>() -> std::ops::Range<usize> {
    0..pools::<M>().min(usize::from(limits::<M>().vectors))
}

/// Nothing of it disturbs sorting, on any bed; the models also show the messages, below.
pub(crate) fn vectors_are_routed<M: Concrete, T: Bed>(bed: T) {
    let mut setup = Setup::<M, _, T>::start(bed, Plan::default());
    setup.bind_all();
    (0..pools::<M>()).for_each(|queue| route(&mut setup, queue % usize::from(limits::<M>().vectors), queue));
    setup.port.route_others(&mut setup.vectors[0]).expect("it is this port's");
    for queue in 0..pools::<M>() {
        let vector = &setup.vectors[queue % usize::from(limits::<M>().vectors)];
        vector.unmask();
        vector.fire();
        assert_eq!(setup.lands(&frame(vm(queue), 0, 60)), [queue]);
        setup.vectors[queue % usize::from(limits::<M>().vectors)].mask();
    }
    setup.finish();
}

pub(crate) fn the_other_causes_are_told_once<M: Concrete, T: Bed>(bed: T) {
    let mut setup = Setup::<M, _, T>::start(bed, Plan::default());
    // The link came up since the reset.
    assert_eq!(setup.port.causes(), Causes::LINK);
    assert_eq!(setup.port.causes(), Causes::empty());
    setup.finish();
}

pub(crate) fn every_vector_can_be_masked_and_fired<M: Concrete, T: Model>(bed: T) {
    let mut setup = Setup::<M, _, T>::start(bed, Plan::default());
    pairs::<M>().for_each(|i| route(&mut setup, i, i));
    assert_eq!(setup.bed.messages(), []);
    for i in pairs::<M>() {
        setup.vectors[i].fire();
        assert_eq!(setup.bed.messages(), [], "masked from the start");
        setup.vectors[i].unmask();
        assert_eq!(setup.bed.messages(), [i as u16], "pending until then");
        setup.vectors[i].fire();
        assert_eq!(setup.bed.messages(), [], "masked by its message");
        setup.vectors[i].unmask();
        assert_eq!(setup.bed.messages(), [i as u16]);
        setup.vectors[i].unmask();
        setup.vectors[i].mask();
        setup.vectors[i].fire();
        assert_eq!(setup.bed.messages(), []);
    }
    setup.finish();
}

pub(crate) fn a_frame_interrupts_its_queues_vector<M: Concrete, T: Model>(bed: T) {
    let mut setup = Setup::<M, _, T>::start(bed, Plan::default());
    setup.bind_all();
    // Crossed, so that no number is right by chance.
    pairs::<M>().for_each(|i| route(&mut setup, pairs::<M>().end - 1 - i, i));
    for i in pairs::<M>() {
        let vector = pairs::<M>().end - 1 - i;
        assert_eq!(setup.lands(&frame(vm(i), 0, 60)), [i]);
        assert_eq!(setup.bed.messages(), []);
        setup.vectors[vector].unmask();
        assert_eq!(setup.bed.messages(), [vector as u16]);
        setup.vectors[vector].unmask();
        setup.inject(&[frame(vm(i), 0, 60), frame(vm(i), 1, 60)]);
        assert_eq!(setup.bed.messages(), [vector as u16], "one message until it is unmasked again");
        setup.vectors[vector].unmask();
        assert_eq!(setup.bed.messages(), [vector as u16], "the second frame is not lost");
        assert_eq!(setup.pair(i).receive().len(), 2);
    }
    setup.finish();
}

pub(crate) fn a_sent_frame_interrupts_its_queues_vector<M: Concrete, T: Model>(bed: T) {
    let mut setup = Setup::<M, _, T>::start(bed, Plan::default());
    pairs::<M>().for_each(|i| route(&mut setup, i, i));
    for i in pairs::<M>() {
        setup.vectors[i].unmask();
        setup.pair(i).send(&[frame(STRANGER, 0, 60), frame(STRANGER, 1, 60)]);
        let _ = setup.bed.settle();
        assert_eq!(setup.bed.messages(), [i as u16], "one report for the batch");
    }
    setup.finish();
}

pub(crate) fn queues_share_a_vector<M: Concrete, T: Model>(bed: T) {
    let mut setup = Setup::<M, _, T>::start(bed, Plan::default());
    setup.bind_all();
    (0..pools::<M>()).for_each(|queue| route(&mut setup, 1, queue));
    for queue in 0..pools::<M>() {
        setup.vectors[1].unmask();
        setup.inject(&[frame(vm(queue), 0, 60)]);
        assert_eq!(setup.bed.messages(), [1]);
        setup.vectors[1].mask();
        setup.inject(&[frame(vm(queue), 0, 60)]);
        assert_eq!(setup.bed.messages(), []);
        // What was pending comes with the next turn's unmasking.
        setup.vectors[1].unmask();
        assert_eq!(setup.bed.messages(), [1]);
    }
    setup.finish();
}

pub(crate) fn a_queue_leaves_its_old_vector<M: Concrete, T: Model>(bed: T) {
    let mut setup = Setup::<M, _, T>::start(bed, Plan::default());
    setup.bind(vm(1), 1);
    route(&mut setup, 0, 1);
    route(&mut setup, 2, 1);
    setup.vectors[2].unmask();
    // The old vector has nothing to say about the queue any more.
    setup.vectors[0].mask();
    setup.inject(&[frame(vm(1), 0, 60)]);
    assert_eq!(setup.bed.messages(), [2]);
    setup.finish();
}

pub(crate) fn the_link_interrupts<M: Concrete, T: Model>(bed: T) {
    let mut setup = Setup::<M, _, T>::start(bed, Plan::default());
    route(&mut setup, 0, 1);
    assert_eq!(setup.port.causes(), Causes::LINK, "it came up since the reset");
    setup.port.route_others(&mut setup.vectors[1]).expect("it is this port's");
    setup.vectors[1].unmask();
    assert_eq!(setup.bed.messages(), []);
    for plugged in [false, true] {
        setup.bed.cable(plugged);
        let _ = setup.bed.settle();
        assert_eq!(setup.bed.messages(), [1]);
        assert_eq!(setup.port.link().is_up(), plugged);
        assert_eq!(setup.port.causes(), Causes::LINK);
        assert_eq!(setup.port.causes(), Causes::empty());
        setup.vectors[1].unmask();
        assert_eq!(setup.bed.messages(), []);
    }
    setup.finish();
}

/// A queue's cause that waits behind its mask survives a look at the other causes.
pub(crate) fn an_interrupt_is_not_lost_to_the_other_causes<M: Concrete, T: Model>(bed: T) {
    let mut setup = Setup::<M, _, T>::start(bed, Plan::default());
    setup.bind(vm(1), 1);
    route(&mut setup, 0, 1);
    setup.inject(&[frame(vm(1), 0, 60)]);
    assert!(setup.port.causes().contains(Causes::LINK));
    setup.vectors[0].unmask();
    assert_eq!(setup.bed.messages(), [0]);
    setup.finish();
}
