//! Errors that bring a value back go through `?`, also into error types that threads share.

mod common;

use std::error::Error;

use common::model::Plain;
use vmdq_hal::bus::Mmio;
use vmdq_hal::dma::Identity;
use vmdq_hal::ring::{BufferPool, Frame, PoolError, RingSpace, SendError};
use vmdq_hal::{
    BindError, FilterSlot, Host, Idle, Missing, NotStarted, OtherPort, Parts, Pool, Port, Quiesced, Refused,
    StartError, Started, StopError, Vector, Vmdq, WaitWith,
};

type Machine = Host<Mmio, Identity, WaitWith>;

#[test]
fn an_error_with_a_value_can_be_shared_by_threads() {
    const fn shared<E: Error + Send + Sync + 'static>() {}
    shared::<Refused<BindError, FilterSlot<Plain>>>();
    shared::<Refused<OtherPort, Pool<Plain, Machine, Idle>>>();
    shared::<Refused<OtherPort, Vector<Plain, Machine>>>();
    shared::<Refused<Missing, (Port<Plain, Machine, Vmdq>, Parts<Plain, Machine>)>>();
    shared::<Refused<Missing, (Port<Plain, Machine, Quiesced>, Parts<Plain, Machine>)>>();
    shared::<Refused<StartError, NotStarted<Plain, Machine>>>();
    shared::<Refused<StopError, Started<Plain, Machine>>>();
    shared::<Refused<SendError, Frame>>();
    shared::<Refused<PoolError, (BufferPool, RingSpace)>>();
}
