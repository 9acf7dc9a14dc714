//! The states of a port.

/// State: the device is in an unknown state.
pub enum Reset {}
/// State: configured, receiver and transmitter off.
pub enum Ready {}
/// State: VMDq is on, receiver and transmitter run.
pub enum Vmdq {}
/// State: all DMA has ended; only a reset is possible.
pub enum Quiesced {}

/// States in which VMDq is on.
#[diagnostic::on_unimplemented(
    message = "VMDq is off in state `{Self}`",
    label = "needs a port with VMDq on",
    note = "call `Port::init` and then `Port::enable` first; the port with VMDq on is in what `enable` returns",
    note = "a quiesced port goes on with `Port::reset`"
)]
pub trait VmdqOn {}
impl VmdqOn for Vmdq {}

/// States in which VMDq can be turned on.
#[diagnostic::on_unimplemented(
    message = "VMDq can't be turned on in state `{Self}`",
    label = "needs a port that is initialised, with VMDq off",
    note = "call `Port::init` first; a port on which VMDq is on has nothing more to hand out"
)]
pub trait VmdqOff {}
impl VmdqOff for Ready {}

/// States after [`Port::init`](crate::Port::init).
#[diagnostic::on_unimplemented(
    message = "the port is not initialised in state `{Self}`",
    label = "needs a port that was initialised",
    note = "call `Port::init` first"
)]
pub trait Initialised {}
impl Initialised for Ready {}
impl Initialised for Vmdq {}

/// States in which pools, filters and vectors are handed out.
#[diagnostic::on_unimplemented(
    message = "nothing is handed out in state `{Self}`",
    label = "needs a port with VMDq on, or one that is quiesced",
    note = "`Port::enable` hands pools, filters and vectors out"
)]
pub trait HandedOut {}
impl HandedOut for Vmdq {}
impl HandedOut for Quiesced {}
