//! The emulated path (paper section 2.3.4): a virtual machine drives a controller in software.
//!
//! The machine runs the controller's ordinary driver, unmodified, as its virtual driver; behind the
//! registers is a model, and the model's wire is a virtual interface of the switch. The guest needs
//! no changes; the costs are a trap for each register access and copies of each frame.

use core::fmt;

use vmdq_core::MacAddress;
use vmdq_core::switch::{InterfaceId, Origin, TagAction};
use vmdq_core::tag::{self, TagError};

use crate::frame::SHORTEST;
use crate::sim::{Kind, Sim};
use crate::testbed::Testbed;

/// How many frames may wait for a virtual machine that takes none.
const WAITING: usize = 64;

/// How many frames move in each direction in one run, so that no device delays the others.
const RUN: usize = 256;

/// An 82576 for a virtual machine's own driver, whose wire is a virtual interface of a switch.
///
/// The machine gets the registers of [`device`](Self::device). Its descriptors and buffers are mapped
/// for this device alone, so that its DMA can't reach another machine's memory. Time passes in the
/// device's [delay](Testbed::delay): a hypervisor calls it with the time since the last run, where the
/// machine's driver does not. Misuse of the device costs only the machine itself: frames that it does not take
/// are lost and counted, at most 64 wait, and a run ends after 256.
///
/// # Examples
///
/// The loop of a hypervisor over the devices of its virtual machines:
///
/// ```
/// use vmdq_core::MacAddress;
/// use vmdq_core::group::Group;
/// use vmdq_core::relay::{Outlet, SentFrame, relay};
/// use vmdq_core::switch::{DropReason, InterfaceId, Switch, TagAction, Virtual};
/// use vmdq_sim::Emulated;
///
/// struct Machines<'m>(&'m mut [Emulated]);
///
/// impl Outlet<SentFrame<'_>> for Machines<'_> {
///     fn copy(&mut self, to: InterfaceId, tag: TagAction, group: &Group<'_, SentFrame<'_>>) {
///         if let Some(machine) = self.0.iter_mut().find(|machine| machine.interface() == to) {
///             for frame in &*group.frames {
///                 let _ = machine.deliver(frame.bytes, tag); // lost frames are counted there
///             }
///         } // else it is an uplink's
///     }
///
///     fn dropped(&mut self, _reason: DropReason, _group: &mut Group<'_, SentFrame<'_>>) {}
/// }
///
/// fn turn(switch: &mut Switch<8, 64>, machines: &mut [Emulated], now: u64) {
///     for from in 0..machines.len() {
///         let (origin, frames) = (machines[from].origin(), machines[from].run());
///         let mut sent: Vec<_> = frames.iter().map(|bytes| SentFrame { bytes, tag: None }).collect();
///         relay(switch, origin, &mut sent, now, &mut Machines(machines));
///     }
/// }
///
/// let mut switch = Switch::<8, 64>::new(0x5eed);
/// let mut machines = Vec::new();
/// for last in [1, 2] {
///     let interface = switch.bind_virtual(&Virtual::default())?;
///     let address = MacAddress([2, 0, 0, 0, 0, last]);
///     switch.bind_address(interface, address)?;
///     machines.push(Emulated::new(interface, address));
/// }
/// turn(&mut switch, &mut machines, 0);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug)]
pub struct Emulated {
    device: Sim,
    interface: InterfaceId,
    lost: u64,
}

impl Emulated {
    /// Makes a device in its power-on state. Its own address is what the machine's driver finds in
    /// the NVM; bind it to the interface, too.
    #[must_use]
    pub fn new(interface: InterfaceId, address: MacAddress) -> Self {
        Self { device: Sim::with_mac(Kind::I82576, address.0).with_fifo(), interface, lost: 0 }
    }

    /// Returns the interface at the other end of the wire.
    #[must_use]
    pub const fn interface(&self) -> InterfaceId {
        self.interface
    }

    /// Returns the device: the virtual machine's registers, memory and time, and the device's violations and
    /// drops.
    #[must_use]
    pub const fn device(&self) -> &Sim {
        &self.device
    }

    /// Returns the switch's origin of all frames that the machine sends.
    #[must_use]
    pub const fn origin(&self) -> Origin {
        Origin::Virtual(self.interface)
    }

    /// Lets the device work; returns the frames that the machine has sent, in order. They are copies
    /// that the machine can't reach: the header is the first bytes of each.
    pub fn run(&mut self) -> Vec<Vec<u8>> {
        self.forget_if_receiver_off();
        self.device.run(RUN);
        self.device.take_sent().into_iter().map(|sent| sent.bytes).collect()
    }

    /// Puts a frame from the switch on the device's wire, after applying its tag action.
    ///
    /// Frames that are then too short are padded.
    ///
    /// # Errors
    ///
    /// [`NotReceived`] if the machine doesn't take frames, or if the frame is invalid; it is counted.
    pub fn deliver(&mut self, frame: &[u8], action: TagAction) -> Result<(), NotReceived> {
        let put = self.put(frame, action);
        self.lost += u64::from(put.is_err());
        put
    }

    /// Takes the MSI-X messages for the machine since the last call: vector numbers in order, each
    /// once.
    #[must_use]
    pub fn take_interrupts(&mut self) -> Vec<u16> {
        let mut vectors = self.device.take_interrupts();
        vectors.sort_unstable();
        vectors.dedup();
        vectors
    }

    /// Returns how many frames were lost on the way to the device because the machine took none. Those
    /// that the device itself dropped are in its [`drops`](Sim::drops).
    #[must_use]
    pub const fn lost(&self) -> u64 {
        self.lost
    }

    fn put(&mut self, frame: &[u8], action: TagAction) -> Result<(), NotReceived> {
        self.forget_if_receiver_off();
        if !self.device.listens() {
            return Err(NotReceived::ReceiverOff);
        }
        if self.device.waiting() >= WAITING {
            return Err(NotReceived::Full);
        }
        let mut bytes = vec![0; frame.len() + tag::LEN];
        let len = action.copy(frame, &mut bytes).map_err(NotReceived::Tag)?;
        bytes.truncate(len);
        bytes.resize(len.max(SHORTEST), 0);
        self.device.inject(&bytes);
        self.device.step();
        Ok(())
    }

    /// Frames that wait while the receiver is turned off are lost, and do not appear when it is on again.
    fn forget_if_receiver_off(&mut self) {
        if !self.device.listens() {
            self.lost += self.device.clear_wire() as u64;
        }
    }
}

/// Why an emulated device did not receive a frame. The frame is lost and counted.
#[non_exhaustive]
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum NotReceived {
    /// The machine's driver has the link down or the receiver off: drop the frame.
    ReceiverOff,
    /// The limit of waiting frames is reached: wait until the machine posts buffers.
    Full,
    /// The tag can't be changed as the switch asks: drop the frame.
    Tag(TagError),
}

impl fmt::Display for NotReceived {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::ReceiverOff => {
                f.write_str("the machine's driver has the link down or the receiver off: drop the frame")
            }
            Self::Full => f.write_str("too many frames wait: drop the frame until the machine posts buffers"),
            Self::Tag(error) => error.fmt(f),
        }
    }
}
impl core::error::Error for NotReceived {}

#[cfg(test)]
mod tests {
    use embedded_hal::delay::DelayNs;
    use vmdq_core::switch::{Switch, Virtual};
    use vmdq_hal::bus::{Bus, Offset};

    use super::*;

    const CTRL: Offset = Offset::new(0x0000);
    const MDIC: Offset = Offset::new(0x0020);
    const RCTL: Offset = Offset::new(0x0100);
    const SRRCTL: Offset = Offset::new(0xc00c);
    /// Advanced descriptors, buffers of 2 KiB.
    const ADVANCED: u32 = 1 << 25 | 2;
    /// A write of the PHY's control register: negotiate anew.
    const NEGOTIATE: u32 = 1 << 26 | 1 << 21 | 0x1340;
    /// CTRL.SLU.
    const SLU: u32 = 1 << 6;
    /// RCTL.RXEN and UPE.
    const ANYTHING: u32 = 1 << 1 | 1 << 3;

    /// A device whose driver has switched the receiver on and posts nothing.
    fn listening() -> Emulated {
        let interface = Switch::<1, 8>::new(1).bind_virtual(&Virtual::default()).unwrap();
        let emulated = Emulated::new(interface, MacAddress([2, 0, 0, 0, 0, 1]));
        let bus = emulated.device().bus();
        // SAFETY: none: a model stands between the controller and memory.
        unsafe { bus.write32(CTRL, SLU) };
        // SAFETY: none: a model stands between the controller and memory.
        unsafe { bus.write32(MDIC, NEGOTIATE) };
        emulated.device().delay().delay_ms(5000);
        // SAFETY: none: a model stands between the controller and memory.
        unsafe { bus.write32(SRRCTL, ADVANCED) };
        // SAFETY: none: a model stands between the controller and memory.
        unsafe { bus.write32(RCTL, ANYTHING) };
        emulated
    }

    #[test]
    fn what_waits_is_bounded_and_every_loss_is_counted() {
        let mut emulated = listening();
        for _ in 0..WAITING {
            assert_eq!(emulated.deliver(&[0; 60], TagAction::Keep), Ok(()));
        }
        assert_eq!(emulated.deliver(&[0; 60], TagAction::Keep), Err(NotReceived::Full));
        assert_eq!((emulated.device.waiting(), emulated.lost()), (WAITING, 1));

        // One frame has left the wire; what is still there is lost with the receiver.
        // SAFETY: none: a model stands between the controller and memory.
        unsafe { emulated.device().bus().write32(RCTL, 0) };
        assert_eq!(emulated.deliver(&[0; 60], TagAction::Keep), Err(NotReceived::ReceiverOff));
        assert_eq!((emulated.device.waiting(), emulated.lost()), (1, WAITING as u64 + 1));
        // SAFETY: none: a model stands between the controller and memory.
        unsafe { emulated.device().bus().write32(RCTL, ANYTHING) };
        assert_eq!(emulated.deliver(&[0; 60], TagAction::Keep), Ok(()));
        assert_eq!(emulated.run(), Vec::<Vec<u8>>::new());
    }

    #[test]
    fn a_device_without_a_driver_receives_nothing() {
        let interface = listening().interface();
        let mut emulated = Emulated::new(interface, MacAddress([2, 0, 0, 0, 0, 1]));
        assert_eq!(emulated.deliver(&[0; 60], TagAction::Keep), Err(NotReceived::ReceiverOff));
        assert_eq!((emulated.lost(), emulated.device().mac()), (1, [2, 0, 0, 0, 0, 1]));
    }

    #[test]
    fn a_tag_that_is_not_there_cannot_go() {
        let mut emulated = listening();
        for (len, action) in
            [(15, TagAction::Remove), (15, TagAction::Replace(1)), (11, TagAction::Insert(1))]
        {
            let refused = emulated.deliver(&[0; 60][..len], action);
            assert_eq!(refused, Err(NotReceived::Tag(TagError::TooShort)));
        }
        assert_eq!((emulated.lost(), emulated.device.waiting()), (3, 0));
    }
}
