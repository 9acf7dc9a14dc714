//! Interrupts: routing, masks, messages.

use vmdq::Causes;
use vmdq_sim::{PlatformOf, Testbed};

use crate::bed::{Bed, Model};
use crate::common::{Concrete, Plan, Rig, STRANGER, frame, limits, pools, vm};

/// Routes the interrupts of a queue to a vector.
fn route<M: Concrete, T: Testbed>(rig: &mut Rig<M, PlatformOf<T>, T>, vector: usize, queue: usize) {
    let pool = &rig.lanes[queue].as_ref().expect("the queue runs").pool;
    rig.port.route(&mut rig.vectors[vector], pool).expect("both are this port's");
}

/// As many queues as can have a vector of their own.
fn pairs<M: Concrete>() -> std::ops::Range<usize> {
    0..pools::<M>().min(usize::from(limits::<M>().vectors))
}

/// Nothing of it disturbs sorting, on any bed; the models also show the messages, below.
pub(crate) fn vectors_are_routed<M: Concrete, T: Bed>(bed: T) {
    let mut rig = Rig::<M, _, T>::start(bed, Plan::default());
    rig.bind_all();
    (0..pools::<M>()).for_each(|queue| route(&mut rig, queue % usize::from(limits::<M>().vectors), queue));
    rig.port.route_others(&mut rig.vectors[0]).expect("it is this port's");
    for queue in 0..pools::<M>() {
        let vector = &rig.vectors[queue % usize::from(limits::<M>().vectors)];
        vector.unmask();
        vector.fire();
        assert_eq!(rig.lands(&frame(vm(queue), 0, 60)), [queue]);
        rig.vectors[queue % usize::from(limits::<M>().vectors)].mask();
    }
    rig.finish();
}

pub(crate) fn the_other_causes_are_told_once<M: Concrete, T: Bed>(bed: T) {
    let mut rig = Rig::<M, _, T>::start(bed, Plan::default());
    // The link came up since the reset.
    assert_eq!(rig.port.causes(), Causes::LINK);
    assert_eq!(rig.port.causes(), Causes::empty());
    rig.finish();
}

pub(crate) fn every_vector_can_be_masked_and_fired<M: Concrete, T: Model>(bed: T) {
    let mut rig = Rig::<M, _, T>::start(bed, Plan::default());
    pairs::<M>().for_each(|i| route(&mut rig, i, i));
    assert_eq!(rig.bed.messages(), []);
    for i in pairs::<M>() {
        rig.vectors[i].fire();
        assert_eq!(rig.bed.messages(), [], "masked from the start");
        rig.vectors[i].unmask();
        assert_eq!(rig.bed.messages(), [i as u16], "pending until then");
        rig.vectors[i].fire();
        assert_eq!(rig.bed.messages(), [], "masked by its message");
        rig.vectors[i].unmask();
        assert_eq!(rig.bed.messages(), [i as u16]);
        rig.vectors[i].unmask();
        rig.vectors[i].mask();
        rig.vectors[i].fire();
        assert_eq!(rig.bed.messages(), []);
    }
    rig.finish();
}

pub(crate) fn a_frame_interrupts_its_queues_vector<M: Concrete, T: Model>(bed: T) {
    let mut rig = Rig::<M, _, T>::start(bed, Plan::default());
    rig.bind_all();
    // Crossed, so that no number is right by chance.
    pairs::<M>().for_each(|i| route(&mut rig, pairs::<M>().end - 1 - i, i));
    for i in pairs::<M>() {
        let vector = pairs::<M>().end - 1 - i;
        assert_eq!(rig.lands(&frame(vm(i), 0, 60)), [i]);
        assert_eq!(rig.bed.messages(), []);
        rig.vectors[vector].unmask();
        assert_eq!(rig.bed.messages(), [vector as u16]);
        rig.vectors[vector].unmask();
        rig.inject(&[frame(vm(i), 0, 60), frame(vm(i), 1, 60)]);
        assert_eq!(rig.bed.messages(), [vector as u16], "one message until it is unmasked again");
        rig.vectors[vector].unmask();
        assert_eq!(rig.bed.messages(), [vector as u16], "the second frame is not lost");
        assert_eq!(rig.lane(i).receive().len(), 2);
    }
    rig.finish();
}

pub(crate) fn a_sent_frame_interrupts_its_queues_vector<M: Concrete, T: Model>(bed: T) {
    let mut rig = Rig::<M, _, T>::start(bed, Plan::default());
    pairs::<M>().for_each(|i| route(&mut rig, i, i));
    for i in pairs::<M>() {
        rig.vectors[i].unmask();
        rig.lane(i).send(&[frame(STRANGER, 0, 60), frame(STRANGER, 1, 60)]);
        let _ = rig.bed.settle();
        assert_eq!(rig.bed.messages(), [i as u16], "one report for the batch");
    }
    rig.finish();
}

pub(crate) fn queues_share_a_vector<M: Concrete, T: Model>(bed: T) {
    let mut rig = Rig::<M, _, T>::start(bed, Plan::default());
    rig.bind_all();
    (0..pools::<M>()).for_each(|queue| route(&mut rig, 1, queue));
    for queue in 0..pools::<M>() {
        rig.vectors[1].unmask();
        rig.inject(&[frame(vm(queue), 0, 60)]);
        assert_eq!(rig.bed.messages(), [1]);
        rig.vectors[1].mask();
        rig.inject(&[frame(vm(queue), 0, 60)]);
        assert_eq!(rig.bed.messages(), []);
        // What was pending comes with the next turn's unmasking.
        rig.vectors[1].unmask();
        assert_eq!(rig.bed.messages(), [1]);
    }
    rig.finish();
}

pub(crate) fn a_queue_leaves_its_old_vector<M: Concrete, T: Model>(bed: T) {
    let mut rig = Rig::<M, _, T>::start(bed, Plan::default());
    rig.bind(vm(1), 1);
    route(&mut rig, 0, 1);
    route(&mut rig, 2, 1);
    rig.vectors[2].unmask();
    // The old vector has nothing to say about the queue any more.
    rig.vectors[0].mask();
    rig.inject(&[frame(vm(1), 0, 60)]);
    assert_eq!(rig.bed.messages(), [2]);
    rig.finish();
}

pub(crate) fn the_link_interrupts<M: Concrete, T: Model>(bed: T) {
    let mut rig = Rig::<M, _, T>::start(bed, Plan::default());
    route(&mut rig, 0, 1);
    assert_eq!(rig.port.causes(), Causes::LINK, "it came up since the reset");
    rig.port.route_others(&mut rig.vectors[1]).expect("it is this port's");
    rig.vectors[1].unmask();
    assert_eq!(rig.bed.messages(), []);
    for plugged in [false, true] {
        rig.bed.cable(plugged);
        let _ = rig.bed.settle();
        assert_eq!(rig.bed.messages(), [1]);
        assert_eq!(rig.port.link().is_up(), plugged);
        assert_eq!(rig.port.causes(), Causes::LINK);
        assert_eq!(rig.port.causes(), Causes::empty());
        rig.vectors[1].unmask();
        assert_eq!(rig.bed.messages(), []);
    }
    rig.finish();
}

/// A queue's cause that waits behind its mask survives a look at the other causes.
pub(crate) fn an_interrupt_is_not_lost_to_the_other_causes<M: Concrete, T: Model>(bed: T) {
    let mut rig = Rig::<M, _, T>::start(bed, Plan::default());
    rig.bind(vm(1), 1);
    route(&mut rig, 0, 1);
    rig.inject(&[frame(vm(1), 0, 60)]);
    assert!(rig.port.causes().contains(Causes::LINK));
    rig.vectors[0].unmask();
    assert_eq!(rig.bed.messages(), [0]);
    rig.finish();
}
