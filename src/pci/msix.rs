//! The MSI-X capability: where the table of vectors is, and whether its messages are sent.
//!
//! PCI Local Bus Specification 3.0, section 6.8.2. The table itself is in memory:
//! [`MsixTable`](crate::msix::MsixTable) writes it.

use core::fmt;

use pci_types::ConfigRegionAccess;

use super::bar::MemoryBar;
use super::config::MSIX;
use super::function::Function;

/// The register of control is the upper half of the capability's first word.
const ENABLE: u32 = 1 << 31;
const FUNCTION_MASK: u32 = 1 << 30;
const ENTRIES_SHIFT: u32 = 16;
const ENTRIES_MASK: u32 = 0x7ff;
/// Where the place of the table is, and that of the pending bits.
const TABLE: u16 = 0x04;
const PENDING: u16 = 0x08;
/// In a place: the number of the base address register. The rest is the offset.
const REGISTER: u32 = 0b111;
/// The size of an entry of the table, in bytes.
const ENTRY: u64 = 16;

/// Where something is within the memory of a function.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
#[non_exhaustive]
pub struct BarOffset {
    /// The number of the base address register.
    pub bar: u8,
    /// The offset from its address, in bytes.
    pub offset: u32,
}

impl BarOffset {
    /// Returns the bus address of `bytes` bytes at this place, which `bar` has to hold.
    fn within(self, bar: &MemoryBar, bytes: u64) -> Option<u64> {
        let end = u64::from(self.offset).checked_add(bytes)?;
        let inside = bar.index == self.bar && bar.is_assigned() && end <= bar.size;
        inside.then(|| bar.address.checked_add(self.offset.into())).flatten()
    }
}

/// The MSI-X capability of a function, as it was read.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
#[non_exhaustive]
pub struct MsixLayout {
    /// How many entries the table has: 1 to 2048.
    pub entries: u16,
    /// Where the table is.
    pub table: BarOffset,
    /// Where the pending bits are, one for each entry.
    pub pending: BarOffset,
}

impl MsixLayout {
    /// Returns the bus address of the table, 16 bytes for each entry.
    ///
    /// `None` if `bar` is another one than [`table`](Self::table) names, has no address, or is too small.
    #[must_use]
    pub fn table_in(&self, bar: &MemoryBar) -> Option<u64> {
        self.table.within(bar, u64::from(self.entries) * ENTRY)
    }
}

/// Whether a function sends MSI-X messages.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub enum MsixState {
    /// MSI-X is off.
    Off,
    /// MSI-X is on, and all vectors are masked.
    Masked,
    /// MSI-X is on, and the entries of the table say which vectors are masked.
    On,
}

impl<A: ConfigRegionAccess> Function<A> {
    /// Reads where the table of MSI-X vectors is; `None` if the function has none.
    #[must_use]
    pub fn msix(&self) -> Option<MsixLayout> {
        let at = self.space.capability(MSIX)?;
        let place = |register| {
            let value = self.space.read(at + register);
            BarOffset { bar: (value & REGISTER) as u8, offset: value & !REGISTER }
        };
        let entries = (self.space.read(at) >> ENTRIES_SHIFT & ENTRIES_MASK) as u16 + 1;
        Some(MsixLayout { entries, table: place(TABLE), pending: place(PENDING) })
    }

    /// Reads whether the function sends MSI-X messages.
    #[must_use]
    pub fn msix_state(&self) -> MsixState {
        let control = self.space.capability(MSIX).map_or(0, |at| self.space.read(at));
        match (control & ENABLE != 0, control & FUNCTION_MASK != 0) {
            (false, _) => MsixState::Off,
            (true, true) => MsixState::Masked,
            (true, false) => MsixState::On,
        }
    }

    /// Sets whether the function sends MSI-X messages.
    ///
    /// Turn it on masked, write the table, then unmask: an entry is masked after a reset. Interrupts by pin are
    /// off while MSI-X is on.
    ///
    /// # Errors
    ///
    /// [`NoMsix`], if the function has no MSI-X, or does not hold the state.
    pub fn set_msix(&mut self, state: MsixState) -> Result<(), NoMsix> {
        let at = self.space.capability(MSIX).ok_or(NoMsix)?;
        let bits = match state {
            MsixState::Off => 0,
            MsixState::Masked => ENABLE | FUNCTION_MASK,
            MsixState::On => ENABLE,
        };
        let control = self.space.read(at);
        self.space.write(at, control & !(ENABLE | FUNCTION_MASK) | bits);
        if self.msix_state() == state { Ok(()) } else { Err(NoMsix) }
    }
}

/// The function has no MSI-X, or does not turn it on: poll the rings.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub struct NoMsix;

impl fmt::Display for NoMsix {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("the function has no MSI-X, or does not turn it on: poll the rings")
    }
}
impl core::error::Error for NoMsix {}
