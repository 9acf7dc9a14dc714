//! The I/O channel, through its public face.

mod conservation;
mod frames;
mod hostile;
mod machine;
mod rings;
mod threads;
