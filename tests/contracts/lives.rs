//! What belongs to one life of a port means nothing in the next.

use embedded_hal::delay::DelayNs;
use vmdq::bus::{Bus, Offset};
use vmdq::{BindingId, Config, FilterError, OtherPort, Port, Refused, Resources};
use vmdq_sim::{Sim, Testbed};

use crate::common::{Concrete, Plan, QueuePair, Setup, SimMachine, frame, gather, pools, ready, tails, vm};

/// ENABLE of RXDCTL and TXDCTL.
const ENABLE: u32 = 1 << 25;

type OnSim<M> = Setup<M, SimMachine, Sim>;

/// Sees that a binding of an earlier life names nothing, although its slot has a filter again.
fn names_nothing<M: Concrete>(mut setup: OnSim<M>, earlier: BindingId) {
    for bound in [false, true] {
        if bound {
            // The same address in the same slot.
            let now = setup.bind(vm(1), 1);
            assert_eq!(now.entry(), earlier.entry());
            assert_ne!(now, earlier);
        }
        let pool = &setup.pairs[2].as_ref().expect("the pool runs").pool;
        assert_eq!(setup.table.move_to(earlier, pool), Err(FilterError::NotBound));
        assert_eq!(setup.table.unbind(earlier).map(|slot| slot.entry()), Err(FilterError::NotBound));
        assert_eq!(setup.lands(&frame(vm(1), 0, 60)), [usize::from(bound)]);
    }
    setup.finish();
}

pub(crate) fn a_binding_of_an_earlier_life_is_refused<M: Concrete>(bed: fn() -> Sim) {
    let mut setup = OnSim::<M>::start(bed(), Plan::default());
    let earlier = setup.bind(vm(1), 1);
    let plan = setup.plan;
    let (bed, port) = setup.disable();
    names_nothing(OnSim::<M>::enable(bed, port, plan), earlier);
}

pub(crate) fn a_binding_of_the_life_before_a_reset_is_refused<M: Concrete>(bed: fn() -> Sim) {
    let mut setup = OnSim::<M>::start(bed(), Plan::default());
    let earlier = setup.bind(vm(1), 1);
    let Setup { bed, plan, port, table, slots, vectors, mut idle, pairs, .. } = setup;
    let port = port.quiesce().expect("the device comes to rest");
    for QueuePair { rx, tx, pool, mut buffers, memory } in pairs.into_iter().flatten() {
        let put = |frame| buffers.put(frame).expect("room in the pool");
        let started = vmdq::Started { rx, tx, pool };
        idle.push(started.recover(&port, put).expect("it is at rest").pool);
        let _ = memory.release(buffers).expect("all frames are home");
    }
    // The filter is still bound: its slot comes back in the table.
    let parts = gather(port.parts(), idle, slots, table, vectors);
    let port = port.reset(parts).expect("all came back");
    let mut port = port.init(&plan.config).expect("the port initialises");
    assert!(port.bring_link_up(5000).is_up());
    names_nothing(OnSim::<M>::enable(bed, port, plan), earlier);
}

/// What was gathered in one life does not stand for what the next one handed out.
pub(crate) fn what_came_back_in_an_earlier_life_is_no_proof<M: Concrete>(bed: fn() -> Sim) {
    let port = ready::<M, _>(bed().platform(), &Config::DEFAULT);
    let (port, all) = port.enable().into_parts();
    let (mut empty, spare) = (port.parts(), port.parts());
    let port = port.disable(all).expect("all came back");
    let Resources { port, pools, filters, table, vectors, .. } = port.enable();
    // Nothing can be put in any more, and what is in there is not enough.
    let mut pools = Vec::from_iter(pools);
    let Refused { error: OtherPort, value } = empty.put(pools.remove(0)).expect_err("it is of another life");
    pools.insert(0, value);
    let refused = port.disable(spare).expect_err("nothing came back");
    assert!(refused.error.other_port);
    let (port, _) = refused.into_value();
    let parts =
        gather(port.parts(), pools, filters.into_iter().collect(), table, vectors.into_iter().collect());
    assert!(port.disable(parts).is_ok());
}

/// That the port is at rest in one life proves nothing of rings that another one started.
pub(crate) fn rings_of_another_life_are_not_recovered<M: Concrete>(bed: fn() -> Sim) {
    let bed = bed();
    let plan = Plan { descriptors: 8, buffers: 14, ..Plan::default() };
    let (bed, port) = OnSim::<M>::start(bed, plan).disable();
    let mut second = OnSim::<M>::enable(bed, port, plan);
    let QueuePair { rx, tx, pool, .. } = second.pairs[1].take().expect("the pool runs");
    let started = vmdq::Started { rx, tx, pool };
    // SAFETY: not true of the rings above, which is what this test is about: the model confines its DMA,
    // and none of the rings is used again.
    let port = unsafe { Port::new(M::default(), second.bed.platform()) };
    let port = port.init(&Config::DEFAULT).expect("the port initialises").enable().port;
    assert_eq!(port.id(), second.port.id());
    let first = port.quiesce().expect("the device comes to rest");
    let refused = started.recover(&first, |_| panic!("no buffer may come out"));
    assert_eq!(refused.expect_err("it is of another life").error, OtherPort);
}

/// Nothing comes to life again should somebody turn the receiver on.
pub(crate) fn no_ring_is_enabled_once_the_port_is_quiesced<M: Concrete>(bed: fn() -> Sim) {
    let setup = OnSim::<M>::start(bed(), Plan::default());
    let bus = setup.bed.bus();
    // Both families keep the control register 16 bytes behind the tail.
    let controls = || {
        let tails = (0..pools::<M>()).flat_map(|pool| <[Offset; 2]>::from(tails::<M>(pool)));
        Vec::from_iter(tails.map(|tail| bus.read32(Offset::new(tail.bytes() + 0x10))))
    };
    assert!(controls().iter().all(|control| control & ENABLE != 0), "{:x?}", controls());
    let _port = setup.port.quiesce().expect("the device comes to rest");
    // The rings' own bits follow when the device comes to them.
    setup.bed.delay().delay_ms(1);
    assert!(controls().iter().all(|control| control & ENABLE == 0), "{:x?}", controls());
}
