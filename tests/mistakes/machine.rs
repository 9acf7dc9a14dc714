//! The machine around the controller is not what the program believes.

use std::cell::RefCell;
use std::rc::Rc;

use vmdq::bus::{Bus, Offset, PortId};
use vmdq::dma::Identity;
use vmdq::{Config, Finding, Host, InitError, Platform, Port, Refused, WaitWith};
use vmdq_sim::{Settled, Sim, Testbed};

use crate::common::{Concrete, frame, vm};
use crate::driver::Driver;

/// Initialises what is behind a platform, and returns why that fails.
fn refused<M: Concrete>(platform: impl Platform) -> InitError {
    // SAFETY: there is a model, which confines its DMA, or no controller.
    let port = unsafe { Port::new(M::default(), platform) };
    let Refused { error, .. } = port.init(&Config::DEFAULT).expect_err("it can't be driven");
    error
}

pub(crate) fn bus_master_off_where_the_platform_knows<M: Concrete>(bed: Sim) {
    let error = refused::<M>(bed.platform().with_bus_master(|| false));
    assert_eq!(error, InitError::NotBusMaster);
    assert!(error.to_string().contains("set its bus master enable"), "{error}");
}

/// Everything comes up, and nothing moves.
pub(crate) fn bus_master_off_where_nobody_knows<M: Concrete>(mut bed: Sim) {
    bed.set_bus_master(false);
    let platform = bed.platform();
    let mut driver = Driver::<M, _>::filled(bed, platform);
    driver.is_idle();
    assert_eq!(driver.inject(3), Settled::Blocked { waiting: 3 });
    driver.shows(Finding::NothingReceived, "check bus master enable");
    // The way out is as closed as the way in.
    driver.send();
    let found = driver.diagnose();
    assert!(found.findings().eq([Finding::NothingReceived, Finding::NothingSent]), "{found}");
    assert!(Finding::NothingSent.to_string().contains("check bus master enable"));
    // It was that.
    driver.bed.set_bus_master(true);
    assert_eq!(driver.bed.settle(), Settled::Idle);
    assert!(driver.guest.rx.is_ready() && driver.bed.take_sent().len() == 1);
    driver.is_well();
    assert_eq!(driver.bed.violations(), []);
}

/// A window that leads to something that is no controller.
#[derive(Clone)]
enum Window {
    /// Memory, such as the table of MSI-X vectors.
    Memory(Rc<RefCell<Vec<u32>>>),
    /// Nothing, which reads the same everywhere.
    Nothing(u32),
}

// SAFETY: it reaches no controller.
unsafe impl Bus for Window {
    fn read32(&self, at: Offset) -> u32 {
        match self {
            Self::Memory(words) => words.borrow()[at.bytes() as usize / 4],
            Self::Nothing(value) => *value,
        }
    }

    unsafe fn write32(&self, at: Offset, value: u32) {
        if let Self::Memory(words) = self {
            words.borrow_mut()[at.bytes() as usize / 4] = value;
        }
    }

    fn id(&self) -> PortId {
        PortId(0)
    }
}

/// A platform whose register window is another one.
fn over(window: Window) -> Host<Window, Identity, WaitWith> {
    // SAFETY: there is no controller that could move data.
    let dma = unsafe { Identity::new() };
    // SAFETY: no memory is given to anybody, so that nothing depends on the time.
    unsafe { Host::new(window, dma, WaitWith(|_| {})) }
}

/// The window is that of another base address register: the table of MSI-X vectors, or the expansion ROM.
pub(crate) fn wrong_bar<M: Concrete>(_: Sim) {
    for filled in [0, 1, 0x55aa_aa55] {
        let words = Rc::new(RefCell::new(vec![filled; 0x2_0000 / 4]));
        let error = refused::<M>(over(Window::Memory(words)));
        assert!(error.to_string().contains("BAR"), "{filled:#x}: {error}");
    }
}

/// Nothing decodes the window: all zeros, or all ones.
pub(crate) fn memory_space_off<M: Concrete>(_: Sim) {
    let error = refused::<M>(over(Window::Nothing(0)));
    assert_eq!(error, InitError::NotDecoded);
    assert!(error.to_string().contains("check memory space enable"), "{error}");
    let error = refused::<M>(over(Window::Nothing(u32::MAX)));
    assert_eq!(error, InitError::Gone);
    assert!(error.to_string().contains("check that its register window is mapped and enabled"), "{error}");
}

/// The program drives another model than the one that is there.
pub(crate) fn another_model<M: Concrete>(bed: Sim) {
    let others = [Sim::i82575(), Sim::i82576(), Sim::i82598()];
    for other in others.into_iter().filter(|other| other.kind() != bed.kind()) {
        let error = refused::<M>(other.platform());
        assert!(error.to_string().contains("model"), "{error}");
    }
    // The one that is there still works.
    let platform = bed.platform();
    let mut driver = Driver::<M, _>::filled(bed, platform);
    driver.bed.inject(&frame(vm(1), 1, 60));
    assert_eq!(driver.bed.settle(), Settled::Idle);
    driver.is_well();
}
