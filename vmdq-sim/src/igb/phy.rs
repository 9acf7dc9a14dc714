//! The copper PHY behind MDIC, and the link.
//!
//! Facts: igb-hal/FACTS.md 2.1 (MDIC), 3.3, section 6 row 21; PHY registers are those of IEEE 802.3 clause 22.
//!
//! Assumptions: auto-negotiation must be restarted by software after power-on and after CTRL.RST (so
//! does QEMU's model), it takes 500 ms, and CTRL.SLU must be set for the MAC to see the link.

use crate::board::Board;
use crate::clock::{Gate, MS, US, sooner};
use crate::fault::InjectedFault;

const OP_WRITE: u32 = 1 << 26;
const OP_READ: u32 = 1 << 27;
const READY: u32 = 1 << 28;
const ERROR: u32 = 1 << 30;
/// The PHY's address on the management bus.
const ADDRESS: u32 = 1;
const BMCR: u32 = 0;
const BMSR: u32 = 1;
/// BMCR: auto-negotiation on, 1000 Mb/s, full duplex.
const BMCR_RESET: u16 = 0x1140;
const BMCR_SELF_CLEARING: u16 = 0x8200;
const RESTART: u16 = 1 << 9;
/// PHY identifier of the part that QEMU models.
const PHY_ID: [u16; 2] = [0x02a8, 0x0391];

const NEGOTIATION: u64 = 500 * MS;
const FRAME_TIME: u64 = 20 * US;

#[derive(Clone, Debug)]
pub(crate) struct Phy {
    bmcr: u16,
    others: [u16; 32],
    negotiated: bool,
    mdic: u32,
    mdic_due: Option<u64>,
    pub(crate) link: Gate,
}

impl Default for Phy {
    fn default() -> Self {
        let mut others = [0; 32];
        others[2..4].copy_from_slice(&PHY_ID);
        Self {
            bmcr: BMCR_RESET,
            others,
            negotiated: false,
            mdic: READY,
            mdic_due: None,
            link: Gate::default(),
        }
    }
}

impl Phy {
    pub(crate) fn due(&self) -> Option<u64> {
        sooner(self.mdic_due, self.link.due())
    }

    /// Does everything that is scheduled up to now; returns whether the link changed.
    pub(crate) fn tick(&mut self, now: u64) -> bool {
        if self.mdic_due.is_some_and(|due| due <= now) {
            self.mdic_due = None;
            self.mdic |= READY;
        }
        self.link.tick(now)
    }

    /// Follows CTRL.SLU and the cable.
    pub(crate) fn follow(&mut self, set_link_up: bool, board: &Board) {
        let up = set_link_up && !board.unplugged && self.negotiated;
        self.link.ask(up, board.now + if up { NEGOTIATION } else { 0 });
        if up && board.faults.has(InjectedFault::LinkNeverComes) {
            self.link.jam();
        }
    }

    pub(crate) fn mdic(&self) -> u32 {
        self.mdic
    }

    /// Takes a management frame; returns whether auto-negotiation was restarted.
    pub(crate) fn write_mdic(&mut self, value: u32, now: u64) -> bool {
        let (phy, reg) = (value >> 21 & 0x1f, value >> 16 & 0x1f);
        self.mdic = value & !(READY | ERROR);
        self.mdic_due = Some(now + FRAME_TIME);
        if phy != ADDRESS {
            self.mdic |= ERROR;
            return false;
        }
        if value & OP_READ != 0 {
            let data = match reg {
                BMCR => self.bmcr,
                // Gigabit and auto-negotiation able; 5 negotiation complete, 2 link.
                BMSR => 0x7949 | if self.link.is_open() { 0x24 } else { 0 },
                reg => self.others[reg as usize],
            };
            self.mdic = self.mdic & !0xffff | u32::from(data);
        }
        if value & OP_WRITE != 0 {
            let data = value as u16;
            match reg {
                BMCR => {
                    self.bmcr = data & !BMCR_SELF_CLEARING;
                    if data & RESTART != 0 {
                        self.negotiated = true;
                        return true;
                    }
                }
                BMSR | 2 | 3 => {}
                reg => self.others[reg as usize] = data,
            }
        }
        false
    }

    /// Drops the link at once: a restart of auto-negotiation does that before it comes back.
    pub(crate) fn drop_link(&mut self, now: u64) -> bool {
        self.link.ask(false, now);
        self.link.tick(now)
    }
}
