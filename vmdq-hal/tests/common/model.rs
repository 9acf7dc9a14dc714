//! A model that writes no register but its tails.

use core::convert::Infallible;

use vmdq_hal::bus::Offset;
use vmdq_hal::device::{
    Counters, Filters, Life, Limits, LinkControl, Model, NotStopped, Pools, Queues, ReceiveSetup, RingKind,
    RingSetup, RingState, Vectors, Vlans, Warnings,
};
use vmdq_hal::{
    Causes, Config, Fault, FilterIndex, FilterMemory, Io, Link, MacAddress, Mint, Platform, PoolIndex,
    PoolSet, RingIndex, Statistics, VectorIndex,
};

use super::{RX_TAIL, TX_TAIL};

/// One pool, one filter, one vector.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Plain;

// SAFETY: there is no device that could touch memory.
unsafe impl Model for Plain {
    type PerPool<T: Mint> = [T; 1];
    type PerFilter<T: Mint> = [T; 1];
    type PerVector<T: Mint> = [T; 1];
    type Shadow = FilterMemory<1>;
    type Lack = Infallible;

    fn limits(self) -> Limits {
        Limits {
            name: "plain",
            pools: 1,
            filters: 1,
            vectors: 1,
            max_frame: 9728,
            default_pool_choice: false,
            largest_header: 0,
        }
    }
}

// SAFETY: see `Model`.
unsafe impl Life for Plain {
    fn reset<P: Platform>(self, _: Io<'_, P>) -> Result<Warnings, Fault> {
        Ok(Warnings::default())
    }

    fn holds_what_is_written<P: Platform>(self, _: Io<'_, P>) -> bool {
        true
    }

    fn init<P: Platform>(self, _: Io<'_, P>, _: &Config) {}

    fn address<P: Platform>(self, _: Io<'_, P>) -> MacAddress {
        MacAddress([2, 0, 0, 0, 0, 1])
    }

    fn quiesce<P: Platform>(self, _: Io<'_, P>) -> Result<(), Fault> {
        Ok(())
    }

    fn is_gone<P: Platform>(self, _: Io<'_, P>) -> bool {
        false
    }
}

// SAFETY: see `Model`.
unsafe impl Filters for Plain {
    fn add<P: Platform>(self, _: Io<'_, P>, _: FilterIndex, _: MacAddress, _: PoolIndex) {}
    fn redirect<P: Platform>(self, _: Io<'_, P>, _: FilterIndex, _: MacAddress, _: PoolIndex) {}
    fn remove<P: Platform>(self, _: Io<'_, P>, _: FilterIndex) {}
}

// SAFETY: see `Model`.
unsafe impl Vlans for Plain {
    fn clear<P: Platform>(self, _: Io<'_, P>) {}
    fn strip<P: Platform>(self, _: Io<'_, P>, _: bool) {}
}

// SAFETY: see `Model`.
unsafe impl Pools for Plain {
    fn enable<P: Platform>(self, _: Io<'_, P>, _: &Config) {}
    fn disable<P: Platform>(self, _: Io<'_, P>) {}

    fn default_pool<P: Platform>(self, _: Io<'_, P>) -> PoolIndex {
        PoolIndex::new(0)
    }

    fn receive_ring(self, _: PoolIndex) -> RingIndex {
        RingIndex::new(0)
    }

    fn transmit_ring(self, _: PoolIndex) -> RingIndex {
        RingIndex::new(0)
    }
}

// SAFETY: see `Model`; what the test plays as the device stops when the test does.
unsafe impl Queues for Plain {
    fn tail(self, kind: RingKind, _: RingIndex) -> Offset {
        match kind {
            RingKind::Receive => Offset::new(RX_TAIL),
            RingKind::Transmit => Offset::new(TX_TAIL),
        }
    }

    fn transmit_context(self, _: RingIndex) -> u8 {
        0
    }

    fn receive_errors(self) -> u32 {
        0
    }

    fn first_descriptor<P: Platform>(self, _: Io<'_, P>, _: RingKind, _: RingIndex) -> u32 {
        0
    }

    fn ring_state<P: Platform>(self, _: Io<'_, P>, _: RingKind, _: RingIndex) -> RingState {
        RingState { head: 0, tail: 0, enabled: true }
    }

    unsafe fn start_receive<P: Platform>(
        self,
        _: Io<'_, P>,
        _: RingSetup,
        _: ReceiveSetup,
    ) -> Result<bool, Fault> {
        Ok(true)
    }

    unsafe fn start_transmit<P: Platform>(self, _: Io<'_, P>, _: RingSetup) -> Result<bool, Fault> {
        Ok(true)
    }

    fn stop<P: Platform>(
        self,
        _: Io<'_, P>,
        _: RingKind,
        _: RingIndex,
        _: &mut bool,
    ) -> Result<(), NotStopped> {
        Ok(())
    }
}

// SAFETY: see `Model`.
unsafe impl Vectors for Plain {
    fn route<P: Platform>(self, _: Io<'_, P>, _: VectorIndex, _: PoolIndex) {}
    fn route_others<P: Platform>(self, _: Io<'_, P>, _: VectorIndex) {}

    fn mask_bits<P: Platform>(self, _: Io<'_, P>, _: VectorIndex, _: PoolSet, _: bool) -> u64 {
        0
    }

    fn unmask<P: Platform>(self, _: Io<'_, P>, _: u64) {}

    fn unmasked<P: Platform>(self, _: Io<'_, P>) -> u64 {
        0
    }

    fn mask<P: Platform>(self, _: Io<'_, P>, _: u64) {}
    fn fire<P: Platform>(self, _: Io<'_, P>, _: u64) {}

    fn causes<P: Platform>(self, _: Io<'_, P>) -> Causes {
        Causes::empty()
    }
}

// SAFETY: see `Model`.
unsafe impl LinkControl for Plain {
    fn start<P: Platform>(self, _: Io<'_, P>) -> Result<(), Fault> {
        Ok(())
    }

    fn state<P: Platform>(self, _: Io<'_, P>) -> Link {
        Link::Down
    }
}

// SAFETY: see `Model`.
unsafe impl Counters for Plain {
    fn add_to<P: Platform>(self, _: Io<'_, P>, _: &mut Statistics) {}
}
