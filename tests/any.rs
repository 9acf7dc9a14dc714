//! The model that is known while running: the same life as a concrete one, and typed errors for what the
//! device that was found lacks.

mod common;

use std::sync::Mutex;

use common::{Plan, STRANGER, Setup, frame, ready_as, vm};
use vmdq::device::Model;
use vmdq::igb::{I82575, I82576};
use vmdq::ixgbe::I82598;
use vmdq::ring::{BufferSize, RingMemory};
use vmdq::targeted::{HeaderSize, TargetedMemory, Targeting};
use vmdq::vmm::VmId;
use vmdq::{
    Accept, Any, Idle, ModelName, Pool, PoolIndex, Port, Refused, Resources, Restore, RestoreError,
    SetDefaultError, StartError, Vector, VectorIndex, Vmdq,
};
use vmdq_sim::{Guests, PlatformOf, Sim, Testbed};

type Machine = PlatformOf<Sim>;

fn all() -> [(ModelName, Sim); 3] {
    [
        (ModelName::I82575, Sim::i82575()),
        (ModelName::I82576, Sim::i82576()),
        (ModelName::I82598, Sim::i82598()),
    ]
}

fn started(name: ModelName, bed: Sim) -> Setup<Any, Machine, Sim> {
    let model = Any::new(name).expect("it is driven");
    let plan = Plan::default();
    let port = ready_as(model, bed.platform(), &plan.config);
    Setup::enable(bed, port, plan)
}

#[test]
fn a_port_lives_as_one_of_a_concrete_model_does() {
    for (name, bed) in all() {
        let mut setup = started(name, bed);
        let pools = setup.pairs.len();
        assert_eq!(setup.port.model().limits().name, name.name());
        assert_eq!(setup.slots.len(), usize::from(setup.port.model().limits().filters));
        for queue in 1..pools {
            setup.bind(vm(queue), queue);
            let pool = &setup.pairs[queue].as_ref().expect("the pool runs").pool;
            let vector = queue % setup.vectors.len();
            setup.port.route(&mut setup.vectors[vector], pool).expect("both are this port's");
        }
        for queue in 1..pools {
            assert_eq!(setup.lands(&frame(vm(queue), 1, 60)), [queue], "{name}");
        }
        assert_eq!(setup.lands(&frame(STRANGER, 2, 60)), [0]);
        // A vector interrupts for its pool.
        let _ = setup.bed.take_interrupts();
        setup.vectors[1].unmask();
        setup.inject(&[frame(vm(1), 3, 60)]);
        assert!(setup.bed.take_interrupts().contains(&1), "{name}");
        setup.pair(1).send(&[frame(STRANGER, 4, 60)]);
        let _ = setup.bed.settle();
        assert_eq!(setup.bed.take_sent().len(), 1);
        // All of it a second time.
        let plan = setup.plan;
        let (bed, port) = setup.disable();
        let mut setup = Setup::enable(bed, port, plan);
        setup.bind(vm(1), 2);
        assert_eq!(setup.lands(&frame(vm(1), 5, 60)), [2]);
        setup.finish();
    }
}

#[test]
fn it_is_what_the_concrete_models_are() {
    let limits = |name| Any::new(name).expect("it is driven").limits();
    assert_eq!(limits(ModelName::I82575), I82575.limits());
    assert_eq!(limits(ModelName::I82576), I82576.limits());
    assert_eq!(limits(ModelName::I82598), I82598.limits());
}

#[test]
fn what_the_device_lacks_is_an_error_and_changes_nothing() {
    for (name, bed) in all() {
        let mut setup = started(name, bed);
        let before = setup.port.config().accept;
        let accepted = setup.port.set_accept(Accept::BROADCAST);
        let pool = &setup.pairs[2].as_ref().expect("the pool runs").pool;
        let default = setup.port.set_default(pool);
        let other = &setup.pairs[1].as_ref().expect("the pool runs").pool;
        setup.port.route(&mut setup.vectors[1], other).expect("both are this port's");
        match name {
            ModelName::I82598 => {
                let lack = accepted.expect_err("it can't");
                assert_eq!(lack.model(), name);
                assert!(lack.to_string().contains("82598"), "{lack}");
                assert_eq!(setup.port.config().accept, before);
            }
            _ => {
                accepted.expect("it can");
                assert_eq!(setup.port.config().accept, Accept::BROADCAST);
            }
        }
        match name {
            ModelName::I82576 => {
                default.expect("it can");
                assert_eq!(setup.lands(&frame(vmdq::MacAddress::BROADCAST, 1, 60)), [2]);
                restores_the_default_pool(&mut setup);
            }
            _ => {
                let Err(SetDefaultError::Lack(lack)) = default else { panic!("{default:?}") };
                assert_eq!(lack.model(), name);
                assert_eq!(setup.port.default_pool().number(), 0);
                assert_eq!(setup.lands(&frame(vmdq::MacAddress::BROADCAST, 1, 60)), [0]);
            }
        }
        // None of it holds in the next life.
        let (bed, port) = setup.disable();
        let mut setup = Setup::enable(bed, port, Plan::default());
        let next = setup.port.plan(&setup.table);
        assert_eq!((next.default_pool(), next.route(PoolIndex::new(1))), (PoolIndex::new(0), None));
        assert_eq!(setup.lands(&frame(vmdq::MacAddress::BROADCAST, 2, 60)), [0]);
        setup.finish();
    }
}

/// Pool 2 is the default one: a plan that says so asks for the pool, and makes it that again.
fn restores_the_default_pool(setup: &mut Setup<Any, Machine, Sim>) {
    let plan = setup.port.plan(&setup.table);
    let [one, two] = [1, 2].map(|queue| &setup.pairs[queue].as_ref().expect("the pool runs").pool);
    setup.port.set_default(one).expect("it can");
    for (pools, vectors, expected) in [
        (&[one][..], setup.vectors.len(), Err(RestoreError::NotRunning(two.index()))),
        (&[one, two], 0, Err(RestoreError::NoVector(VectorIndex::new(1)))),
        (&[one, two], setup.vectors.len(), Ok(())),
    ] {
        assert_eq!(setup.port.default_pool(), one.index());
        let vectors = &mut setup.vectors[..vectors];
        let with = Restore { table: &mut setup.table, slots: &mut [], pools, vectors };
        assert_eq!(setup.port.restore(&plan, with), expected);
    }
    assert_eq!(setup.port.default_pool(), two.index());
    a_plan_of_another_model_is_refused(&plan);
    assert_eq!(setup.lands(&frame(vmdq::MacAddress::BROADCAST, 3, 60)), [2]);
}

/// `plan` has pool 2 as the default one.
fn a_plan_of_another_model_is_refused(plan: &vmdq::Plan) {
    let mut setup = started(ModelName::I82575, Sim::i82575());
    let pools = Vec::from_iter(setup.pairs.iter().flatten().map(|pair| &pair.pool));
    let vectors = &mut setup.vectors;
    let with = Restore { table: &mut setup.table, slots: &mut [], pools: &pools, vectors };
    let refused = setup.port.restore(plan, with).expect_err("the 82575 has no choice");
    assert_eq!(refused, RestoreError::NoChoice(PoolIndex::new(2)));
    assert_eq!(setup.port.plan(&setup.table).route(PoolIndex::new(1)), None, "nothing was changed");
    setup.finish();
}

/// A size of header buffers can be asked of another model than the one that is started.
#[test]
fn a_header_size_of_another_model_is_refused() {
    let sized = Any::new(ModelName::I82598).expect("it is driven");
    let headers = HeaderSize::new(sized, 1024).expect("the 82598 has it");
    let mut setup = {
        let model = Any::new(ModelName::I82576).expect("it is driven");
        let bed = Sim::i82576();
        let port = ready_as(model, bed.platform(), &Plan::default().config);
        Setup::stopped(bed, port, Plan::default())
    };
    let pool = setup.idle.remove(1);
    let targeting = Targeting::replicated(VmId(1), BufferSize::kib(2).expect("a size"), headers);
    let memory: &'static mut TargetedMemory<8, 8> = Box::leak(Box::default());
    let transmit: &'static mut RingMemory<8> = Box::leak(Box::default());
    let Refused { error, value } = setup
        .port
        .start_targeted(pool, memory, transmit, targeting, Guests::new())
        .expect_err("not of this model");
    assert_eq!(error, StartError::HeaderTooLarge { most: 960 });
    assert!(value.memory.is_some(), "nothing was handed over");
    setup.idle.push(value.pool);
    setup.finish();
}

/// A kernel keeps its port, its pools and its vectors where no model is named.
#[test]
fn a_static_names_no_model() {
    static PORT: Mutex<Option<Port<Any, Machine, Vmdq>>> = Mutex::new(None);
    static POOLS: Mutex<Vec<Pool<Any, Machine, Idle>>> = Mutex::new(Vec::new());
    static VECTORS: Mutex<Vec<Vector<Any, Machine>>> = Mutex::new(Vec::new());

    for (name, bed) in all() {
        let model = Any::new(name).expect("it is driven");
        let port = ready_as(model, bed.platform(), &Plan::default().config);
        let Resources { port, pools, filters, table, vectors, .. } = port.enable();
        *PORT.lock().expect("nobody panics here") = Some(port);
        POOLS.lock().expect("nobody panics here").extend(pools);
        VECTORS.lock().expect("nobody panics here").extend(vectors);

        let port = PORT.lock().expect("nobody panics here").take().expect("it was put there");
        let mut parts = port.parts();
        parts.put_all(POOLS.lock().expect("nobody panics here").drain(..)).expect("this port's");
        parts.put_all(VECTORS.lock().expect("nobody panics here").drain(..)).expect("this port's");
        parts.put_all(filters).expect("this port's");
        parts.put(table).expect("this port's");
        let _off = port.disable(parts).expect("all came back");
        assert_eq!(bed.violations(), []);
    }
}

/// 64 pools don't pass over the stack: what `enable` returns is small for every model.
#[test]
fn resources_are_small() {
    assert!(size_of::<Resources<Any, Machine>>() < 2048, "{}", size_of::<Resources<Any, Machine>>());
}
