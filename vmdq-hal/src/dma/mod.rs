//! Memory that is shared with the controller: how it is mapped, and in which order it is accessed.

mod barrier;
mod desc;
mod space;

pub use barrier::{observe, publish};
pub(crate) use desc::{Descriptor, HeaderInfo, TxWord, WriteBack, status};
/// The promise of memory for buffers that it stays where it is, in the version that `ring` needs.
pub use embedded_dma::WriteBuffer;
pub use space::{Direction, DmaSpace, Identity, Shifted};
