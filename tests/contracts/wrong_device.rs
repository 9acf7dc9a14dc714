//! Devices that can't be driven: no device decodes the window, no address, no bus master, another model.

use vmdq::bus::{Bus, Offset, PortId};
use vmdq::dma::Identity;
use vmdq::{Config, Host, InitError, MacAddress, Platform, Port, Refused, WaitWith};
use vmdq_sim::{Sim, SimBus, SimDma, Testbed, Traced};

use crate::common::{Concrete, SimMachine};

/// A window in which every register reads the same, no matter what is written.
#[derive(Clone)]
struct Constant(u32);

// SAFETY: it reaches no controller.
unsafe impl Bus for Constant {
    fn read32(&self, _: Offset) -> u32 {
        self.0
    }

    unsafe fn write32(&self, _: Offset, _: u32) {}

    fn id(&self) -> PortId {
        PortId(0)
    }
}

/// Initialises what is behind a platform, and returns why that fails.
fn refused<M: Concrete, P: Platform>(platform: P) -> InitError {
    // SAFETY: there is a model, which confines its DMA, or nothing.
    let port = unsafe { Port::new(M::default(), platform) };
    let Refused { error, value: _port } = port.init(&Config::DEFAULT).expect_err("it can't be driven");
    error
}

pub(crate) fn a_window_that_is_not_decoded_is_noticed<M: Concrete>(_: fn() -> Sim) {
    let init = |value| {
        // SAFETY: there is no controller that could move data.
        let dma = unsafe { Identity::new() };
        // SAFETY: no memory is given to anybody, so that nothing depends on the time.
        refused::<M, _>(unsafe { Host::new(Constant(value), dma, WaitWith(|_| {})) })
    };
    assert_eq!(init(0), InitError::NotDecoded);
    assert!(init(0).to_string().contains("BAR"), "{}", init(0));
    assert_eq!(init(u32::MAX), InitError::Gone);
    // Whatever else reads back: it is no device.
    for value in [1, 0x5555_5555, 0xaaaa_aaaa, 0xdead_beef, u32::MAX - 1] {
        let error = init(value);
        assert!(matches!(error, InitError::NotDecoded | InitError::Reset(_)), "{value:#x}: {error:?}");
    }
}

pub(crate) fn an_address_that_no_station_has_is_noticed<M: Concrete>(bed: fn() -> Sim) {
    for address in [[0; 6], [0xff; 6], [1, 0, 0x5e, 0, 0, 1], [3, 2, 2, 2, 2, 2]] {
        let bed = Sim::with_mac(bed().kind(), address);
        assert_eq!(refused::<M, _>(bed.platform()), InitError::Address(MacAddress(address)));
    }
}

/// A model's machine on which it is known whether the function may start DMA.
#[derive(Clone)]
struct Known {
    machine: SimMachine<Traced<SimBus>>,
    is_bus_master: Option<bool>,
}

// SAFETY: it is the model's machine.
unsafe impl Platform for Known {
    type Bus = Traced<SimBus>;
    type Dma = SimDma;

    fn bus(&self) -> &Traced<SimBus> {
        self.machine.bus()
    }

    fn dma(&self) -> &SimDma {
        self.machine.dma()
    }

    fn wait_us(&self, micros: u32) {
        self.machine.wait_us(micros);
    }

    fn is_bus_master(&self) -> Option<bool> {
        self.is_bus_master
    }
}

pub(crate) fn a_missing_bus_master_is_noticed<M: Concrete>(bed: fn() -> Sim) {
    let bed = bed();
    let bus = Traced::new(bed.bus());
    let known = |is_bus_master| Known { machine: bed.platform_over(bus.clone()), is_bus_master };
    let error = refused::<M, _>(known(Some(false)));
    assert_eq!((error, bus.writes()), (InitError::NotBusMaster, 0));
    assert!(error.to_string().contains("bus master"), "{error}");
    for is_bus_master in [None, Some(true)] {
        // SAFETY: the model is a controller of this kind, and confines its DMA.
        let port = unsafe { Port::new(M::default(), known(is_bus_master)) };
        assert!(port.init(&Config::DEFAULT).is_ok());
    }
    // A platform that is made of parts asks a function.
    assert_eq!(bed.platform().is_bus_master(), None);
    for (asked, known) in [(true, (|| true) as fn() -> bool), (false, || false)] {
        assert_eq!(bed.platform().with_bus_master(known).is_bus_master(), Some(asked));
    }
    assert_eq!(refused::<M, _>(bed.platform().with_bus_master(|| false)), InitError::NotBusMaster);
}

pub(crate) fn another_model_is_noticed<M: Concrete>(bed: fn() -> Sim) {
    let own = bed().kind();
    let others = [Sim::i82575(), Sim::i82576(), Sim::i82598()].into_iter().filter(|bed| bed.kind() != own);
    for bed in others {
        let error = refused::<M, _>(bed.platform());
        assert!(error.to_string().contains("model"), "{error}");
    }
}
