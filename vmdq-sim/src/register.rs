//! The register file that all models share: which registers a device has, where, and what they hold.
//!
//! A device gives a list of [`Spec`]s (its own numbers, typed from the HALs' `FACTS.md`); the file finds a
//! register by its offset, keeps the values, and knows the simple access kinds. What a register *does*
//! is the device's business. Two offsets may lead to one register (aliases).

use vmdq_hal::bus::WINDOW;

macro_rules! registers {
    ($($name:ident)*) => {
        /// A register by Intel's name. Offsets and layouts belong to the devices.
        #[allow(non_camel_case_types, clippy::upper_case_acronyms)]
        #[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
        pub(crate) enum Reg { $($name),* }

        impl Reg {
            pub(crate) const ALL: &'static [Self] = &[$(Self::$name),*];
        }
    };
}

registers! {
    // General, link, NVM, semaphores.
    CTRL STATUS CTRL_EXT EECD EEC EERD EEWR MDIC MDICNFG SCTL CONNSW EEMNGCTL FCAL FCAH FCT FCTTV FCRTL
    FCRTH FCRTV VET SWSM SW_FW_SYNC FWSM FACTPS MANC WUC WUFC GCR GHECCR DCA_ID DCA_CTRL DCA_RXCTRL
    DCA_TXCTRL RXPBS TXPBS PBA PCS_LCTL PCS_LSTAT ESDP EODSDP FRTIMER TCPTIMER LEDCTL GRC MREVID
    HLREG0 MHADD AUTOC LINKS ANLP1 MSCA MSRWD ATLASCTL RMCS
    // Interrupts.
    ICR ICS IMS IMC IAM EICR EICS EIMS EIMC EIAC EIAM GPIE EITR MSIXBM IVAR IVAR_MISC PBACLR
    // Receive control and classification.
    RCTL MRQC VT_CTL VMD_CTL RAL RAH MTA UTA VFTA VFTAVIND VFQA0 VFQA1 VLVF VMOLR RPLOLR PSRTYPE SRRCTL
    RLPML RFCTL RXCSUM RETA RSSRK QDE VFRE VFTE VMVIR ETQF VMRCTL VMRVLAN VMRVM SCCRL BSCTRH MSCTRH
    FCTRL VLNCTRL MCSTCTRL RDRXCTL RXCTRL RXPBSIZE TXPBSIZE DROPEN
    // Rings.
    RDBAL RDBAH RDLEN RDH RDT RXDCTL TDBAL TDBAH TDLEN TDH TDT TXDCTL TDWBAL TDWBAH
    // Transmit.
    TCTL TCTL_EXT TIPG DTXCTL DTXSWC WVBR DTXMXSZRQ DPMCS PDPMCS RUPPBMR RT2CR TDTQ2TCCR TDPT2TCCR
    // Statistics.
    CRCERRS ALGNERRC SYMERRS RXERRC ILLERRC ERRBC MSPDC MPC MLFC MRFC RLEC PRC GPRC BPRC MPRC GPTC GORCL
    GORCH GOTCL GOTCH RNBC RUC RFC ROC RJC MNGPRC MNGPDC TORL TORH TOTL TOTH TPR TPT PTC MPTC BPTC TSCTC
    IAC RPTHC HGPTC HGORC HGOTC LENERRS SSVPC XEC LXONTXC LXOFFTXC LXONRXC LXOFFRXC RQDPC PFVFGPRC
    PFVFGPTC PFVFGORC PFVFGOTC PFVFMPRC PFVFGPRLBC PFVFGPTLBC PFVFGORLBC PFVFGOTLBC RQSMR TQSMR QPRC QBRC
    QPTC QBTC
}

/// How a register answers where the device adds nothing of its own.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Access {
    /// Holds what is written.
    ReadWrite,
    /// Ignores writes.
    ReadOnly,
    /// Counts; cleared by a read.
    Counter,
    /// Upper half of a 64-bit counter whose lower half is the named register: a read clears both.
    CounterHigh(Reg),
}

/// One register (or array of registers) of a device.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Spec {
    pub(crate) reg: Reg,
    at: u32,
    first: usize,
    count: usize,
    stride: u32,
    pub(crate) access: Access,
    reset: u32,
    /// Bits that software must not set.
    pub(crate) reserved: u32,
    undefined: bool,
    kept: bool,
}

/// Begins the description of a register that reads 0 after a reset and holds what is written.
pub(crate) const fn at(at: u32, reg: Reg) -> Spec {
    Spec {
        reg,
        at,
        first: 0,
        count: 1,
        stride: 4,
        access: Access::ReadWrite,
        reset: 0,
        reserved: 0,
        undefined: false,
        kept: false,
    }
}

impl Spec {
    /// `count` registers, `stride` bytes apart.
    pub(crate) const fn array(mut self, count: usize, stride: u32) -> Self {
        self.count = count;
        self.stride = stride;
        self
    }

    /// The first element here has number `first` (arrays in several windows).
    pub(crate) const fn from(mut self, first: usize) -> Self {
        self.first = first;
        self
    }

    pub(crate) const fn reset(mut self, value: u32) -> Self {
        self.reset = value;
        self
    }

    pub(crate) const fn reserved(mut self, bits: u32) -> Self {
        self.reserved = bits;
        self
    }

    /// Holds an arbitrary value after power-on, and a reset does not change it.
    pub(crate) const fn undefined(mut self) -> Self {
        self.undefined = true;
        self.kept = true;
        self
    }

    /// Survives a software reset.
    pub(crate) const fn kept(mut self) -> Self {
        self.kept = true;
        self
    }

    pub(crate) const fn read_only(mut self) -> Self {
        self.access = Access::ReadOnly;
        self
    }

    pub(crate) const fn counter(mut self) -> Self {
        self.access = Access::Counter;
        self
    }

    pub(crate) const fn counter_high(mut self, low: Reg) -> Self {
        self.access = Access::CounterHigh(low);
        self
    }
}

/// The registers of one device.
#[derive(Debug)]
pub(crate) struct File {
    specs: Vec<Spec>,
    /// Per word of the window: which spec, which element.
    map: Vec<Option<(u16, u16)>>,
    values: Vec<Vec<u32>>,
}

impl File {
    /// Makes the file in its power-on state.
    ///
    /// # Panics
    ///
    /// If two registers share an offset: the device's list is wrong.
    pub(crate) fn new(specs: Vec<Spec>) -> Self {
        let mut map = vec![None; WINDOW as usize / 4];
        let mut values = vec![Vec::new(); Reg::ALL.len()];
        for (number, spec) in specs.iter().enumerate() {
            for element in 0..spec.count {
                let offset = spec.at + spec.stride * element as u32;
                let word = &mut map[offset as usize / 4];
                assert!(word.is_none(), "{:?} shares offset {offset:#x}", spec.reg);
                *word = Some((number as u16, (spec.first + element) as u16));
            }
            let held: &mut Vec<u32> = &mut values[spec.reg as usize];
            held.resize(held.len().max(spec.first + spec.count), 0);
        }
        let mut file = Self { specs, map, values };
        file.restore(true);
        file
    }

    /// Puts back the reset values: all of them, or those that a software reset touches.
    pub(crate) fn restore(&mut self, power_on: bool) {
        for spec in &self.specs {
            if spec.kept && !power_on {
                continue;
            }
            for n in spec.first..spec.first + spec.count {
                // Registers without a defined reset value hold a pattern that no driver expects.
                let junk = 0xA5C3_5A3C_u32.rotate_left(n as u32 * 7 + spec.reg as u32);
                self.values[spec.reg as usize][n] = if spec.undefined { junk } else { spec.reset };
            }
        }
    }

    /// Finds the register at an offset.
    pub(crate) fn find(&self, offset: u32) -> Option<(Spec, usize)> {
        let (spec, n) = self.map[offset as usize / 4]?;
        Some((self.specs[usize::from(spec)], usize::from(n)))
    }

    /// Returns what element `n` holds; 0 if the device does not have it.
    pub(crate) fn get(&self, reg: Reg, n: usize) -> u32 {
        self.values[reg as usize].get(n).copied().unwrap_or(0)
    }

    /// Makes element `n` hold a value. Does nothing if the device does not have it.
    pub(crate) fn set(&mut self, reg: Reg, n: usize, value: u32) {
        if let Some(held) = self.values[reg as usize].get_mut(n) {
            *held = value;
        }
    }

    /// Returns whether any bit of `mask` is set in element 0.
    pub(crate) fn on(&self, reg: Reg, mask: u32) -> bool {
        self.get(reg, 0) & mask != 0
    }

    /// Reads as the register's access kind says.
    pub(crate) fn read(&mut self, spec: Spec, n: usize) -> u32 {
        let value = self.get(spec.reg, n);
        match spec.access {
            Access::Counter => self.set(spec.reg, n, 0),
            Access::CounterHigh(low) => {
                self.set(spec.reg, n, 0);
                self.set(low, n, 0);
            }
            Access::ReadWrite | Access::ReadOnly => {}
        }
        value
    }

    /// Adds to a 32-bit counter, which sticks at all ones (igb-hal/FACTS.md section 2.6).
    pub(crate) fn count(&mut self, reg: Reg, n: usize, by: usize) {
        let sum = self.get(reg, n).saturating_add(u32::try_from(by).unwrap_or(u32::MAX));
        self.set(reg, n, sum);
    }

    /// Adds to a 64-bit counter, which sticks at all ones.
    pub(crate) fn count_pair(&mut self, low: Reg, high: Reg, by: usize) {
        let held = u64::from(self.get(high, 0)) << 32 | u64::from(self.get(low, 0));
        let sum = held.saturating_add(by as u64);
        self.set(low, 0, sum as u32);
        self.set(high, 0, (sum >> 32) as u32);
    }
}

#[cfg(test)]
mod tests {
    use super::{File, Reg, at};

    #[test]
    fn an_alias_leads_to_the_same_register() {
        let mut file =
            File::new(vec![at(0xC018, Reg::RDT).array(16, 0x40), at(0x2818, Reg::RDT).array(4, 0x100)]);
        file.set(Reg::RDT, 3, 7);
        let (spec, n) = file.find(0x2B18).unwrap();
        assert_eq!((spec.reg, n), (Reg::RDT, 3));
        assert_eq!(file.read(spec, n), 7);
        assert_eq!(file.find(0xC0D8).unwrap().1, 3);
        assert!(file.find(0x2C18).is_none());
    }

    #[test]
    #[should_panic(expected = "shares offset")]
    fn two_registers_at_one_offset_are_refused() {
        File::new(vec![at(0x5400, Reg::RAL).array(2, 8), at(0x5408, Reg::RAH)]);
    }

    #[test]
    fn counters_stick_and_a_read_clears_them() {
        let specs = vec![
            at(0x4074, Reg::GPRC).counter(),
            at(0x4088, Reg::GORCL),
            at(0x408C, Reg::GORCH).counter_high(Reg::GORCL),
        ];
        let mut file = File::new(specs);
        file.set(Reg::GPRC, 0, u32::MAX - 1);
        file.count(Reg::GPRC, 0, 5);
        let (gprc, n) = file.find(0x4074).unwrap();
        assert_eq!(file.read(gprc, n), u32::MAX);
        assert_eq!(file.read(gprc, n), 0);
        file.set(Reg::GORCL, 0, u32::MAX);
        file.count_pair(Reg::GORCL, Reg::GORCH, 2);
        assert_eq!((file.get(Reg::GORCL, 0), file.get(Reg::GORCH, 0)), (1, 1));
        let (high, n) = file.find(0x408C).unwrap();
        assert_eq!(file.read(high, n), 1);
        assert_eq!(file.get(Reg::GORCL, 0), 0);
    }

    #[test]
    fn a_reset_keeps_what_the_datasheet_keeps() {
        let mut file = File::new(vec![at(0x5200, Reg::MTA).undefined(), at(0x100, Reg::RCTL).reset(3)]);
        assert_ne!(file.get(Reg::MTA, 0), 0, "undefined after power-on");
        file.set(Reg::MTA, 0, 9);
        file.set(Reg::RCTL, 0, 9);
        file.restore(false);
        assert_eq!((file.get(Reg::MTA, 0), file.get(Reg::RCTL, 0)), (9, 3));
    }
}
