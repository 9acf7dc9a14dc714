//! Registers at one place on all devices of the family.
//!
//! A sequence that touches no others needs no model as a parameter, and is compiled once however many models
//! a program drives.

use vmdq_hal::reg::{Reg, Ro, Rw, W1c, W1s, Wo};

use crate::regs::{
    CTRL, CTRL_EXT, EEC, EICR, GPIE, HLREG0, I82598, I82599, LINKS, MAXFRS, MCSTCTRL, RDRXCTL, RXCTRL, Regs,
    STATUS, X540,
};

/// The registers of every device.
pub(crate) enum Every {}

macro_rules! every {
    ($($name:ident: $fields:ident, $access:ident;)*) => {
        impl Every {
            $(pub(crate) const $name: Reg<$fields::Register, $access> = {
                let at = I82598::$name.offset().bytes();
                assert!(at == I82599::$name.offset().bytes() && at == X540::$name.offset().bytes());
                I82598::$name
            };)*
        }
    };
}

every! {
    CTRL: CTRL, Rw;
    STATUS: STATUS, Ro;
    CTRL_EXT: CTRL_EXT, Rw;
    EEC: EEC, Rw;
    EICR: EICR, W1c;
    EIMS: EICR, W1s;
    EIMC: EICR, Wo;
    EIAC: EICR, Rw;
    EIAM: EICR, Rw;
    GPIE: GPIE, Rw;
    HLREG0: HLREG0, Rw;
    MAXFRS: MAXFRS, Rw;
    LINKS: LINKS, Ro;
    MCSTCTRL: MCSTCTRL, Rw;
    RDRXCTL: RDRXCTL, Rw;
    RXCTRL: RXCTRL, Rw;
}
