//! Other drivers that are on the registry and can be driven over a device in memory, by their own
//! start-up and their public API.

pub(crate) mod eth_igb;
pub(crate) mod ixgbe_driver;
