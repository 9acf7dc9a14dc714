//! The paper's receive filter rules, in software.
//!
//! Paper sections 2.1 and 3.4: a frame goes to the queue whose filter has its destination address;
//! broadcast, multicast and, in promiscuous mode, unicast that no filter matches go to the default
//! queue; all other frames are dropped.
#![forbid(unsafe_code)]

use super::{ExactTable, Key};
use crate::accept::Accept;
use crate::mac::MacAddress;

/// Where a frame goes.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub enum Destination {
    /// To the queue whose filter matches.
    Matched(usize),
    /// To the default queue, because no filter matches.
    Default,
    /// Nowhere: the frame is dropped.
    Dropped,
}

/// Receive rules of a port: filters, and what is accepted beyond them. At most `N` filters.
#[derive(Clone, Debug)]
pub struct Rules<const N: usize> {
    filters: ExactTable<usize, N>,
    own: MacAddress,
    accept: Accept,
}

/// There is no room for another filter: remove one, or share the default queue.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub struct Full;

impl core::fmt::Display for Full {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        f.write_str("there is no room for another filter: remove one, or share the default queue")
    }
}
impl core::error::Error for Full {}

/// A VLAN tag makes no difference to filters.
const fn key(address: MacAddress) -> Key {
    Key::new(address, None)
}

impl<const N: usize> Rules<N> {
    /// Makes rules without filters for a port with this address.
    #[must_use]
    pub const fn new(own: MacAddress, accept: Accept) -> Self {
        Self { filters: ExactTable::new(0), own, accept }
    }

    /// Adds a filter that sends an address to a queue; replaces the filter that the address has.
    ///
    /// # Errors
    ///
    /// [`Full`] if there are `N` filters, or if no hash separates their addresses
    /// ([`InsertError::NoHash`](super::InsertError::NoHash)).
    pub fn bind(&mut self, address: MacAddress, queue: usize) -> Result<(), Full> {
        self.filters.insert(key(address), queue).map_err(|_| Full)?;
        Ok(())
    }

    /// Removes the filter of an address; tells whether it had one.
    pub fn unbind(&mut self, address: MacAddress) -> bool {
        self.filters.remove(key(address)).is_some()
    }

    /// Sets which frames beyond those of the filters are accepted.
    pub const fn set_accept(&mut self, accept: Accept) {
        self.accept = accept;
    }

    /// Decides where a frame with this destination goes.
    ///
    /// A VLAN tag makes no difference: sorting is by address (paper section 2.1, footnote 1). Frames for
    /// the port's own address go to the default queue.
    #[must_use]
    pub fn classify(&self, destination: MacAddress) -> Destination {
        let needed = if destination.is_broadcast() {
            Accept::BROADCAST
        } else if destination.is_group() {
            Accept::MULTICAST
        } else {
            if let Some(queue) = self.filters.get(key(destination)) {
                return Destination::Matched(queue);
            }
            if destination == self.own {
                return Destination::Default;
            }
            Accept::PROMISCUOUS
        };
        if self.accept.contains(needed) { Destination::Default } else { Destination::Dropped }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const OWN: MacAddress = MacAddress([2, 0, 0, 0, 0, 0xaa]);
    const VM: MacAddress = MacAddress([2, 0, 0, 0, 0, 1]);
    const STRANGER: MacAddress = MacAddress([2, 0, 0, 0, 0, 0x99]);
    const GROUP: MacAddress = MacAddress([1, 0, 0x5e, 0, 0, 1]);

    fn rules(accept: Accept) -> Rules<2> {
        let mut rules = Rules::new(OWN, accept);
        rules.bind(VM, 3).unwrap();
        rules
    }

    #[test]
    fn a_filter_decides_first_even_in_promiscuous_mode() {
        assert_eq!(rules(Accept::empty()).classify(VM), Destination::Matched(3));
        assert_eq!(rules(Accept::all()).classify(VM), Destination::Matched(3));
    }

    #[test]
    fn what_no_filter_matches_goes_to_the_default_queue_or_nowhere() {
        for (address, accept) in [
            (MacAddress::BROADCAST, Accept::BROADCAST),
            (GROUP, Accept::MULTICAST),
            (STRANGER, Accept::PROMISCUOUS),
        ] {
            assert_eq!(rules(accept).classify(address), Destination::Default);
            assert_eq!(rules(accept.complement()).classify(address), Destination::Dropped);
        }
        assert_eq!(rules(Accept::empty()).classify(OWN), Destination::Default);
    }

    #[test]
    fn filters_are_replaced_removed_and_limited() {
        let mut rules = rules(Accept::empty());
        rules.bind(VM, 5).unwrap();
        assert_eq!(rules.classify(VM), Destination::Matched(5));
        rules.bind(STRANGER, 1).unwrap();
        assert_eq!(rules.bind(OWN, 1), Err(Full));
        assert!(rules.unbind(VM));
        assert!(!rules.unbind(VM));
        assert_eq!(rules.classify(VM), Destination::Dropped);
    }
}
