//! Memory that is shared with the controller: how it is mapped, and in which order it is accessed.

mod barrier;
mod desc;
mod space;

pub use barrier::{observe, publish};
pub(crate) use desc::{Descriptor, HeaderInfo, TxWord, WriteBack, status};
pub use space::{Direction, DmaSpace, Identity, Shifted};
