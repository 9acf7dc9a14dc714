//! The generated registers against a second list, typed from `FACTS.md` and from a list of
//! the 82599's registers (after Barrelfish's `e10k.dev`), and not from the table.

use std::any::type_name;

use ixgbe_hal::regs::{self, Common, I82598, I82599, PoolRegs, Regs, X540};
use tock_registers::RegisterLongName;
use tock_registers::fields::Field;
use vmdq_hal::reg::{Reg, RegArray};

/// One register or an array of them, as the list describes it.
trait Token {
    fn place(&self) -> (u32, u32);
    fn kind(&self) -> &'static str;
}

impl<T, A> Token for Reg<T, A> {
    fn place(&self) -> (u32, u32) {
        (self.offset().bytes(), self.offset().bytes())
    }

    fn kind(&self) -> &'static str {
        type_name::<A>()
    }
}

impl<T, A> Token for RegArray<T, A> {
    fn place(&self) -> (u32, u32) {
        (self.at(0).offset().bytes(), self.at(self.len() - 1).offset().bytes())
    }

    fn kind(&self) -> &'static str {
        type_name::<A>()
    }
}

#[track_caller]
fn register(name: &str, token: impl Token, first: u32, last: u32, kind: &str) {
    let (a, b) = token.place();
    assert_eq!((a, b), (first, last), "{name} is at {a:#x}..={b:#x}, the list has {first:#x}..={last:#x}");
    assert!(token.kind().ends_with(&format!("::{kind}")), "{name} is {}, the list has {kind}", token.kind());
}

#[track_caller]
fn field<R: RegisterLongName>(name: &str, field: Field<u32, R>, lo: usize, width: u32) {
    assert_eq!((field.shift, field.mask), (lo, u32::MAX >> (32 - width)), "{name}: shift and mask");
}

/// `DEVICE NAME FIRST LAST KIND [FIELD LOW WIDTH, ..]`: the offsets of the first and the last copy.
macro_rules! row {
    ($device:ident $name:ident $first:literal $last:literal $kind:ident [$($field:ident $lo:literal $width:literal),*]) => {
        register(concat!(stringify!($device), " ", stringify!($name)), $device::$name, $first, $last, stringify!($kind));
        $(field(concat!(stringify!($name), ".", stringify!($field)), regs::$name::$field, $lo, $width);)*
    };
}

/// Rows of one device.
macro_rules! on {
    ($device:ident: $($name:ident $first:literal $last:literal $kind:ident $fields:tt)*) => {
        $(row!($device $name $first $last $kind $fields);)*
    };
}

/// Fields that only some devices have: `DEVICE: CONSTANT LOW WIDTH`.
macro_rules! own {
    ($device:ident: $($name:ident $lo:literal $width:literal)*) => {
        $(field(concat!(stringify!($device), " ", stringify!($name)), $device::$name, $lo, $width);)*
    };
}

/// Rows that hold for all devices of the family.
macro_rules! every {
    ($($name:ident $first:literal $last:literal $kind:ident $fields:tt)*) => {
        $(
            row!(I82598 $name $first $last $kind $fields);
            row!(I82599 $name $first $last $kind $fields);
            row!(X540 $name $first $last $kind $fields);
            row!(Common $name $first $last $kind $fields);
        )*
    };
}

/// Rows that hold for the devices with pools.
macro_rules! pooled {
    ($($name:ident $first:literal $last:literal $kind:ident $fields:tt)*) => {
        $(
            row!(I82599 $name $first $last $kind $fields);
            row!(X540 $name $first $last $kind $fields);
        )*
    };
}

#[test]
fn general() {
    every! {
        CTRL 0x00000 0x00000 Rw [GIO_MASTER_DISABLE 2 1, LRST 3 1, RST 26 1]
        STATUS 0x00008 0x00008 Ro [LAN_ID 2 2, LINK_UP 7 1, GIO_MASTER_ENABLE 19 1]
        CTRL_EXT 0x00018 0x00018 Rw [PFRSTD 14 1, NS_DIS 16 1, RO_DIS 17 1, EXT_VLAN 26 1, DRV_LOAD 28 1]
        ESDP 0x00020 0x00020 Rw [SDP2_DATA 2 1]
        FRTIMER 0x00048 0x00048 Rw []
        TCPTIMER 0x0004c 0x0004c Rw []
        LEDCTL 0x00200 0x00200 Rw []
        EEC 0x10010 0x10010 Rw [SK 0 1, CS 1 1, DI 2 1, DO 3 1, FWE 4 2, REQ 6 1, GNT 7 1, PRES 8 1, ARD 9 1, SIZE 11 4]
        EERD 0x10014 0x10014 Rw [START 0 1, DONE 1 1, ADDR 2 14, DATA 16 16]
        EEWR 0x10018 0x10018 Rw []
        GRC 0x10200 0x10200 Rw [MNG_EN 0 1, APME 1 1]
        SWSM 0x10140 0x10140 Rw [SMBI 0 1, SWESMBI 1 1]
        FWSM 0x10148 0x10148 Ro [FWSMBI 0 1, FW_MODE 1 3, FW_VALID 15 1, RESET_CNT 16 3, EXT_ERR_IND 19 6]
        SW_FW_SYNC 0x10160 0x10160 Rw [SW_EEP 0 1, SW_PHY0 1 1, SW_PHY1 2 1, SW_MAC_CSR 3 1, SW_FLASH 4 1, FW_EEP 5 1, FW_MAC_CSR 8 1, SW_MNG 10 1]
        GCR 0x11000 0x11000 Rw [CAP_VER2 18 1]
        MREVID 0x11064 0x11064 Ro [EEPROM_REV 0 8, DEFAULT_REV 8 8]
        DCA_ID 0x11070 0x11070 Ro [FUNCTION 0 3, DEVICE 3 5, BUS 8 8]
        DCA_CTRL 0x11074 0x11074 Rw [DCA_DIS 0 1, DCA_MODE 1 4]
    }
    on! { I82598: EODSDP 0x00028 0x00028 Rw [] GHECCR 0x110b0 0x110b0 Rw [ERRATUM_6 6 1, ERRATUM_9 9 1, ERRATUM_18 18 1, ERRATUM_21 21 1] }
    on! { I82599: PICAUSE 0x110b0 0x110b0 W1c [CA 0 1, BMEF 4 1] }
    pooled! {
        I2CCTL 0x00028 0x00028 Rw [CLK_IN 0 1, CLK_OUT 1 1, DATA_IN 2 1, DATA_OUT 3 1]
        GCR_EXT 0x11050 0x11050 Rw [VTMODE 0 2, APBACD 4 1, BUFFERS_CLEAR 30 1, MSIX_EN 31 1]
    }
    own! { I82598: GCR_CMPL_TMOUT 12 4 GCR_CMPL_TMOUT_RESEND 16 1 }
    own! { I82599: STATUS_NUM_VFS 10 8 STATUS_IOV_ACTIVE 18 1 GCR_CTRSEN 9 1 GCR_NO_RESEND 11 2 }
    own! { X540: SW_FW_SYNC_SW_I2C 11 2 }
    assert_eq!(regs::GCR_EXT::VTMODE::VF64.value, 3);
}

#[test]
fn link() {
    every! {
        HLREG0 0x04240 0x04240 Rw [TXCRCEN 0 1, RXCRCSTRP 1 1, JUMBOEN 2 1, TXPADEN 10 1, LPBK 15 1, MDCSPD 16 1, CONTMDC 17 1, PREPEND 20 4, RXLNGTHERREN 27 1, RXPADSTRIPEN 28 1]
        MSCA 0x0425c 0x0425c Rw [MDIADD 0 16, DEVADD 16 5, PHYADD 21 5, OPCODE 26 2, STCODE 28 2, MDICMD 30 1]
        MSRWD 0x04260 0x04260 Rw [MDIWRDATA 0 16, MDIRDDATA 16 16]
        MAXFRS 0x04268 0x04268 Rw [MFS 16 16]
        LINKS 0x042a4 0x042a4 Ro [LINK_UP 30 1, AN_COMPLETE 31 1]
        FCTTV 0x03200 0x0320c Rw [TTV0 0 16, TTV1 16 16]
        FCRTV 0x032a0 0x032a0 Rw [FC_REFTH 0 16]
    }
    on! { I82598:
        AUTOC 0x042a0 0x042a0 Rw [FLU 0 1, SELECTOR 2 5, PMA_10G 7 2, PMA_1G 9 1, AN_RESTART 12 1, LMS 13 3, PB 28 2, KX 30 1, KX4 31 1]
        ATLASCTL 0x04800 0x04800 Rw []
        FCRTL 0x03220 0x03258 Rw [XONE 31 1]
        FCRTH 0x03260 0x03298 Rw [FCEN 31 1]
    }
    on! { I82599:
        AUTOC 0x042a0 0x042a0 Rw []
        AUTOC2 0x042a8 0x042a8 Rw [PMA_10G_SERIAL 16 2, DDPT 18 1, PDD 30 1]
        ANLP1 0x042b0 0x042b0 Ro [AN_STATE 16 4]
        LINKS2 0x04324 0x04324 Ro [MAC_RX_LINK_MODE 0 2, MAC_TX_LINK_MODE 3 2, LP_AN 6 1]
    }
    pooled! {
        FCRTL 0x03220 0x0323c Rw []
        FCRTH 0x03260 0x0327c Rw []
        FCCFG 0x03d00 0x03d00 Rw [TFCE 3 2]
        MFLCN 0x04294 0x04294 Rw [PMCF 0 1, DPF 1 1, RPFCE 2 1, RFCE 3 1]
    }
    own! { I82598: LINKS_SPEED_10G 29 1 FCRTL_RTL 4 15 HLREG0_TXPAUSEEN 12 1 HLREG0_RXPAUSEEN 14 1 HLREG0_CTRLFLTR 18 1 HLREG0_PRIPAUSEEN 24 1 HLREG0_RXPAUSERECDA 25 2 }
    own! { I82599: LINKS_SPEED 28 2 FCRTL_RTL 5 14 FCRTH_RTH 5 14 AUTOC_KR 16 1 }
    assert_eq!(X540::LINKS_SPEED_GB10.value >> 28, 3);
    assert_eq!(I82599::AUTOC_LMS_L10G_SFI.value >> 13, 3);
    assert_eq!(I82598::AUTOC_LMS_KX4_AN_1G_AN.value >> 13, 6);
}

#[test]
fn interrupts() {
    every! {
        EICR 0x00800 0x00800 W1c [RTXQ 0 16, LSC 20 1, MNG 22 1, TCP_TIMER 30 1, OTHER 31 1]
        EIAC 0x00810 0x00810 Rw []
        EIMS 0x00880 0x00880 W1s []
        EIMC 0x00888 0x00888 Wo []
        EIAM 0x00890 0x00890 Rw []
        GPIE 0x00898 0x00898 Rw [SDP0_GPIEN 0 1, MSIX_MODE 4 1, OCD 5 1, EIMEN 6 1, LLI 7 4, EIAME 30 1, PBA_SUPPORT 31 1]
    }
    on! { I82598:
        EICS 0x00808 0x00808 W1s []
        EITR 0x00820 0x0086c Rw []
        IVAR 0x00900 0x00960 Rw [INT_ALLOC_VAL0 7 1, INT_ALLOC_VAL1 15 1, INT_ALLOC_VAL2 23 1, INT_ALLOC_VAL3 31 1]
        PBACL 0x11068 0x11068 W1c []
    }
    pooled! {
        EICS 0x00808 0x00808 Wo []
        EITRSEL 0x00894 0x00894 Rw []
        EICS_EX 0x00a90 0x00a94 Wo []
        EIMS_EX 0x00aa0 0x00aa4 W1s []
        EIMC_EX 0x00ab0 0x00ab4 Wo []
        EIAM_EX 0x00ad0 0x00ad4 Rw []
        // n = 128 is at 0x12300 + 4 (128 - 24).
        EITR 0x00820 0x124a0 Rw []
        IVAR 0x00900 0x009fc Rw []
        IVAR_MISC 0x00a00 0x00a00 Rw [INT_ALLOC0 0 7, INT_ALLOC_VAL0 7 1, INT_ALLOC1 8 7, INT_ALLOC_VAL1 15 1]
        PBACL 0x110c0 0x110dc W1c []
    }
    assert_eq!(I82599::EITR.at(23).offset().bytes(), 0x0087c);
    assert_eq!(I82599::EITR.at(24).offset().bytes(), 0x12300);
    own! { I82598: EICR_PBUR 28 1 EICR_DHER 29 1 EITR_INTERVAL 0 16 IVAR_INT_ALLOC0 0 5 IVAR_INT_ALLOC3 24 5 }
    own! { I82599: EICR_RX_MISS 17 1 EICR_MAILBOX 19 1 EICR_ECC 28 1 EICR_GPI_SDP0 24 1 EITR_ITR_INT 3 9 EITR_CNT_WDIS 31 1 IVAR_INT_ALLOC0 0 6 IVAR_INT_ALLOC3 24 6 GPIE_VTMODE 14 2 GPIE_RSC_DELAY 11 3 }
    own! { X540: EICR_TS 23 1 EICR_TIMESYNC 24 1 EICR_GPI_SDP0 25 1 EICR_GPI_SDP2 27 1 }
}

#[test]
fn receive_filters() {
    every! {
        FCTRL 0x05080 0x05080 Rw [SBP 1 1, MPE 8 1, UPE 9 1, BAM 10 1]
        VLNCTRL 0x05088 0x05088 Rw [VET 0 16, CFI 28 1, CFIEN 29 1, VFE 30 1]
        MCSTCTRL 0x05090 0x05090 Rw [MO 0 2, MFE 2 1]
        MTA 0x05200 0x053fc Rw []
        VFTA 0x0a000 0x0a1fc Rw []
        MRQC 0x05818 0x05818 Rw [TCP_IPV4 16 1, IPV4 17 1, IPV6 20 1, TCP_IPV6 21 1, UDP_IPV4 22 1, UDP_IPV6 23 1]
        RXCSUM 0x05000 0x05000 Rw [IPPCSE 12 1, PCSD 13 1]
        RFCTL 0x05008 0x05008 Rw [NFSW_DIS 6 1, NFSR_DIS 7 1]
        RETA 0x05c00 0x05c7c Rw []
        RSSRK 0x05c80 0x05ca4 Rw []
    }
    on! { I82598:
        RAL 0x05400 0x05478 Rw [RAL 0 32]
        RAH 0x05404 0x0547c Rw [RAH 0 16, AV 31 1]
        PSRTYPE 0x05480 0x054bc Rw [SPLIT_TCP 4 1, SPLIT_UDP 5 1, SPLIT_IP4 8 1, SPLIT_IP6 9 1, SPLIT_L2 12 1]
        VFTAVIND 0x0a200 0x0a9fc Rw []
        VMD_CTL 0x0581c 0x0581c Rw [VMDQ_EN 0 1, VMDQ_FILTER 1 1, DEFAULT_INDEX 4 4]
    }
    // VFTAVIND(j, i) is at 0xA200 + 0x200 j + 4 i.
    assert_eq!(I82598::VFTAVIND.at(3 * 128 + 5).offset().bytes(), 0xa200 + 0x200 * 3 + 4 * 5);
    pooled! {
        RAL 0x0a200 0x0a5f8 Rw []
        RAH 0x0a204 0x0a5fc Rw []
        PSRTYPE 0x0ea00 0x0eafc Rw []
    }
    own! { I82598: RAH_VIND 18 4 FCTRL_TPE 7 1 FCTRL_PMCF 12 1 FCTRL_DPF 13 1 FCTRL_RPFCE 14 1 FCTRL_RFCE 15 1 VLNCTRL_VME 31 1 MRQC_RSSEN 0 1 }
    own! { I82599: MRQC_MRQE 0 4 PSRTYPE_RQPL 29 3 PSRTYPE_SPLIT_NFS 1 1 RFCTL_RSC_DIS 5 1 }
    let modes = [
        I82599::MRQC_MRQE_VMDQ,
        I82599::MRQC_MRQE_VMDQ32_RSS,
        X540::MRQC_MRQE_VMDQ64_RSS,
        X540::MRQC_MRQE_VMDQ16_DCB8,
        X540::MRQC_MRQE_VMDQ32_DCB4,
    ];
    assert_eq!(modes.map(|m| m.value), [8, 10, 11, 12, 13]);
    assert_eq!(regs::VMD_CTL::VMDQ_FILTER::VLAN.value, 2);
    assert_eq!((regs::VLNCTRL::VET::DOT1Q.value, regs::PSRTYPE_TYPES::TYPES::ALL.value), (0x8100, 0x3ff));
}

#[test]
fn pools() {
    pooled! {
        VT_CTL 0x051b0 0x051b0 Rw [VT_ENA 0 1, DEF_PL 7 6, DIS_DEFPL 29 1, RPLEN 30 1]
        PFVFRE 0x051e0 0x051e4 Rw []
        PFVFTE 0x08110 0x08114 Rw []
        MPSAR 0x0a600 0x0a9fc Rw []
        VMOLR 0x0f000 0x0f0fc Rw [AUPE 24 1, ROMPE 25 1, ROPE 26 1, BAM 27 1, MPE 28 1]
        UTA 0x0f400 0x0f5fc Rw []
        VLVF 0x0f100 0x0f1fc Rw [VLAN_ID 0 12, VI_EN 31 1]
        VLVFB 0x0f200 0x0f3fc Rw []
        VMVIR 0x08000 0x080fc Rw []
        PFDTXGSWC 0x08220 0x08220 Rw [LBE 0 1]
        VMTXSW 0x05180 0x05184 Rw []
        PFVFSPOOF 0x08200 0x0821c Rw [MACAS 0 8, VLANAS 8 8]
        QDE 0x02f04 0x02f04 Rw [QDE 0 1, QUEUE_IDX 8 7, WE 16 1, RE 17 1]
        ETQF 0x05128 0x05144 Rw [ETYPE 0 16, POOL 20 6, POOL_EN 26 1, FILTER_EN 31 1]
        ETQS 0x0ec00 0x0ec1c Rw [RX_QUEUE 16 7, QUEUE_EN 31 1]
        FTQF 0x0e600 0x0e7fc Rw [PROTOCOL 0 2, POOL 8 6, QUEUE_EN 31 1]
    }
}

#[test]
fn receive_dma() {
    every! {
        RDRXCTL 0x02f00 0x02f00 Rw [DMAIDONE 3 1]
        RXCTRL 0x03000 0x03000 Rw [RXEN 0 1]
        RXPBSIZE 0x03c00 0x03c1c Rw [SIZE 10 10]
    }
    on! { I82598:
        RDBAL 0x01000 0x01fc0 Dma [RDBAL 7 25]
        RDBAH 0x01004 0x01fc4 Dma []
        RDLEN 0x01008 0x01fc8 Dma [LEN 7 13]
        RDH 0x01010 0x01fd0 Dma [RDH 0 16]
        RDT 0x01018 0x01fd8 Dma [RDT 0 16]
        RXDCTL 0x01028 0x01fe8 Dma [ENABLE 25 1, SWFLSH 26 1]
        SRRCTL 0x02100 0x0213c Dma [BSIZEPACKET 0 5, BSIZEHEADER 8 6, DESCTYPE 25 3, DROP_EN 28 1]
        DCA_RXCTRL 0x02200 0x0223c Rw [DESC_DCA_EN 5 1, HEAD_DCA_EN 6 1, DATA_DCA_EN 7 1, DESC_RRO_EN 9 1, DATA_WRO_EN 13 1, HEAD_WRO_EN 15 1]
        DROPEN 0x03d04 0x03d04 Rw []
    }
    pooled! {
        RDBAL 0x01000 0x0dfc0 Dma []
        RDBAH 0x01004 0x0dfc4 Dma []
        RDLEN 0x01008 0x0dfc8 Dma []
        DCA_RXCTRL 0x0100c 0x0dfcc Rw []
        RDH 0x01010 0x0dfd0 Dma []
        SRRCTL 0x01014 0x0dfd4 Dma []
        RDT 0x01018 0x0dfd8 Dma []
        RXDCTL 0x01028 0x0dfe8 Dma []
        RSCCTL 0x0102c 0x0dfec Rw [RSCEN 0 1, MAXDESC 2 2]
        RSCDBU 0x03028 0x03028 Rw [RSCACKDIS 7 1]
    }
    // The seam between the two windows.
    assert_eq!(I82599::RDBAL.at(63).offset().bytes(), 0x1fc0);
    assert_eq!(I82599::RDBAL.at(64).offset().bytes(), 0xd000);
    assert_eq!(X540::SRRCTL.at(64).offset().bytes(), 0xd014);
    own! { I82598: RX_WB_STATUS_CE 24 1 RX_WB_STATUS_LE 25 1 RX_WB_STATUS_PE 27 1 RX_WB_STATUS_OSE 28 1 RX_WB_STATUS_USE 29 1 }
    own! { I82598: RXDCTL_PTHRESH 0 7 RXDCTL_HTHRESH 8 7 RXDCTL_WTHRESH 16 7 RXCTRL_DMBYPS 1 1 RDRXCTL_RDMTS 0 2 RDRXCTL_MPBEN 4 1 RDRXCTL_MVMEN 5 1 RDRXCTL_MCEN 6 1 DCA_RXCTRL_CPUID 0 5 }
    own! { I82599: RXDCTL_VME 30 1 RDRXCTL_CRCSTRIP 1 1 RDRXCTL_RSCFRSTSIZE 17 5 RDRXCTL_RSCACKC 25 1 RDRXCTL_FCOE_WRFIX 26 1 SRRCTL_RDMTS 22 3 DCA_RXCTRL_CPUID 24 8 }
    own! { X540: RXDCTL_RLPML 0 14 RXDCTL_RLPML_EN 15 1 RXDCTL_VME 30 1 }
    use regs::SRRCTL::DESCTYPE;
    let common = [DESCTYPE::LEGACY, DESCTYPE::ADV_ONEBUF, DESCTYPE::HDR_SPLIT, DESCTYPE::HDR_SPLIT_ALWAYS];
    assert_eq!(common.map(|t| t.value >> 25), [0, 1, 2, 5]);
    assert_eq!(I82598::SRRCTL_DESCTYPE_HDR_REPLICATION.value >> 25, 3);
    assert_eq!(I82598::SRRCTL_DESCTYPE_HDR_REPLICATION_LARGE_PKT.value >> 25, 4);
}

#[test]
fn transmit_dma() {
    every! { TXPBSIZE 0x0cc00 0x0cc1c Rw [SIZE 10 10] }
    on! { I82598:
        TDBAL 0x06000 0x067c0 Dma [TDBAL 7 25]
        TDBAH 0x06004 0x067c4 Dma []
        TDLEN 0x06008 0x067c8 Dma [LEN 7 13]
        TDH 0x06010 0x067d0 Dma [TDH 0 16]
        TDT 0x06018 0x067d8 Dma [TDT 0 16]
        TXDCTL 0x06028 0x067e8 Dma [PTHRESH 0 7, HTHRESH 8 7, WTHRESH 16 7, ENABLE 25 1, SWFLSH 26 1]
        TDWBAL 0x06038 0x067f8 Dma [HEAD_WB_EN 0 1, HEADWB_LOW 2 30]
        TDWBAH 0x0603c 0x067fc Dma []
        DCA_TXCTRL 0x07200 0x0723c Rw [DESC_DCA_EN 5 1, DESC_RRO_EN 9 1, DESC_WRO_EN 11 1, DATA_RRO_EN 13 1]
        DTXCTL 0x07e00 0x07e00 Rw [ENDBUBD 2 1]
        DPMCS 0x07f40 0x07f40 Rw [TDPAC 0 1, TRM 4 1, ARBDIS 6 1, MTSOS 16 3, TSOEF 19 1]
        PDPMCS 0x0cd00 0x0cd00 Rw [TPPAC 5 1, ARBDIS 6 1, TRM 8 1]
        RMCS 0x03d00 0x03d00 Rw [RRM 1 1, RAC 2 1, TFCE_802_3X 3 1, TFCE_PRIORITY 4 1, ARBDIS 6 1]
        RUPPBMR 0x050a0 0x050a0 Rw [MQA 31 1]
        RT2CR 0x03c20 0x03c3c Rw [CRQ 0 9, BWG 9 3, MCL 12 12, GSP 30 1, LSP 31 1]
        TDTQ2TCCR 0x0602c 0x061ec Rw []
        TDPT2TCCR 0x0cd20 0x0cd3c Rw []
    }
    pooled! {
        TDBAL 0x06000 0x07fc0 Dma []
        TDBAH 0x06004 0x07fc4 Dma []
        TDLEN 0x06008 0x07fc8 Dma []
        DCA_TXCTRL 0x0600c 0x07fcc Rw []
        TDH 0x06010 0x07fd0 Dma []
        TDT 0x06018 0x07fd8 Dma []
        TXDCTL 0x06028 0x07fe8 Dma []
        TDWBAL 0x06038 0x07ff8 Dma []
        TDWBAH 0x0603c 0x07ffc Dma []
        DMATXCTL 0x04a80 0x04a80 Rw [TE 0 1, GDV 3 1, VT 16 16]
        RTTDCS 0x04900 0x04900 Rw [TDPAC 0 1, VMPAC 1 1, TDRM 4 1, ARBDIS 6 1, BDPM 22 1, BPBFSM 23 1, SPEED_CHG 31 1]
        RTTDQSEL 0x04904 0x04904 Rw [TXDQ_IDX 0 7]
        RTTDT1C 0x04908 0x04908 Rw [CRQ 0 14]
        RTTDT2C 0x04910 0x0492c Rw [CRQ 0 9, BWG 9 3, MCL 12 12, GSP 30 1, LSP 31 1]
        TXPBTHRESH 0x04950 0x0496c Rw [THRESH 0 10]
        RTTBCNRC 0x04984 0x04984 Rw [RF_DEC 0 14, RF_INT 14 10, RS_ENA 31 1]
        RTTPCS 0x0cd00 0x0cd00 Rw [TPPAC 5 1, ARBDIS 6 1, TPRM 8 1, ARBD 22 10]
        RTTPT2C 0x0cd20 0x0cd3c Rw []
        RTRPCS 0x02430 0x02430 Rw [RRM 1 1, RAC 2 1]
        RTRUP2TC 0x03020 0x03020 Rw [UP0MAP 0 3, UP7MAP 21 3]
        RTTUP2TC 0x0c800 0x0c800 Rw []
        MTQC 0x08120 0x08120 Rw [RT_ENA 0 1, VT_ENA 1 1, NUM_TC_OR_Q 2 2]
        DTXMXSZRQ 0x08100 0x08100 Rw [MAX_BYTES_NUM_REQ 0 12]
        SECTXMINIFG 0x08810 0x08810 Rw []
        SECRXCTRL 0x08d00 0x08d00 Rw [SECRX_DIS 0 1, RX_DIS 1 1]
        SECRXSTAT 0x08d04 0x08d04 Ro [SECRX_RDY 0 1]
    }
    own! { I82598: DCA_TXCTRL_CPUID 0 5 }
    own! { X540: DCA_TXCTRL_CPUID 24 8 }
    assert_eq!((regs::MTQC::NUM_TC_OR_Q::POOLS64 + regs::MTQC::VT_ENA::SET).value, 0x6);
    assert_eq!((regs::MTQC::NUM_TC_OR_Q::POOLS32 + regs::MTQC::VT_ENA::SET).value, 0xa);
}

#[test]
fn statistics() {
    every! {
        CRCERRS 0x4000 0x4000 Rc [] ILLERRC 0x4004 0x4004 Rc [] ERRBC 0x4008 0x4008 Rc [] MSPDC 0x4010 0x4010 Rc []
        MPC 0x3fa0 0x3fbc Rc [] MLFC 0x4034 0x4034 Rc [] MRFC 0x4038 0x4038 Rc [] RLEC 0x4040 0x4040 Rc []
        LXONTXC 0x3f60 0x3f60 Rc [] LXOFFTXC 0x3f68 0x3f68 Rc []
        PRC64 0x405c 0x405c Rc [] PRC127 0x4060 0x4060 Rc [] PRC255 0x4064 0x4064 Rc []
        PRC511 0x4068 0x4068 Rc [] PRC1023 0x406c 0x406c Rc [] PRC1522 0x4070 0x4070 Rc []
        GPRC 0x4074 0x4074 Rc [] BPRC 0x4078 0x4078 Rc [] MPRC 0x407c 0x407c Rc [] GPTC 0x4080 0x4080 Rc []
        GORCL 0x4088 0x4088 Rc [] GORCH 0x408c 0x408c Rc [] GOTCL 0x4090 0x4090 Rc [] GOTCH 0x4094 0x4094 Rc []
        RUC 0x40a4 0x40a4 Rc [] RFC 0x40a8 0x40a8 Rc [] ROC 0x40ac 0x40ac Rc [] RJC 0x40b0 0x40b0 Rc []
        MNGPRC 0x40b4 0x40b4 Rc [] MNGPDC 0x40b8 0x40b8 Rc [] TORL 0x40c0 0x40c0 Rc [] TORH 0x40c4 0x40c4 Rc []
        TPR 0x40d0 0x40d0 Rc [] TPT 0x40d4 0x40d4 Rc []
        PTC64 0x40d8 0x40d8 Rc [] PTC127 0x40dc 0x40dc Rc [] PTC255 0x40e0 0x40e0 Rc []
        PTC511 0x40e4 0x40e4 Rc [] PTC1023 0x40e8 0x40e8 Rc [] PTC1522 0x40ec 0x40ec Rc []
        MPTC 0x40f0 0x40f0 Rc [] BPTC 0x40f4 0x40f4 Rc [] XEC 0x4120 0x4120 Rc []
        QPRC 0x1030 0x13f0 Rc []
    }
    on! { I82598:
        LXONRXC 0xcf60 0xcf60 Rc [] LXOFFRXC 0xcf68 0xcf68 Rc [] RNBC 0x3fc0 0x3fdc Rc []
        RQSMR 0x2300 0x233c Rw [Q_MAP0 0 4, Q_MAP1 8 4, Q_MAP2 16 4, Q_MAP3 24 4]
        TQSMR 0x7300 0x731c Rw []
        QBRC 0x1034 0x13f4 Rc [] QPTC 0x6030 0x63f0 Rc [] QBTC 0x6034 0x63f4 Rc []
    }
    pooled! {
        LXONRXCNT 0x41a4 0x41a4 Rc [] LXOFFRXCNT 0x41a8 0x41a8 Rc []
        RQSMR 0x2300 0x237c Rw [] TQSM 0x8600 0x867c Rw []
        QBRC_L 0x1034 0x13f4 Rc [] QBRC_H 0x1038 0x13f8 Rc [] QPRDC 0x1430 0x17f0 Rc []
        QPTC 0x8680 0x86bc Rc [] QBTC_L 0x8700 0x8778 Rc [] QBTC_H 0x8704 0x877c Rc []
        RXDGPC 0x2f50 0x2f50 Rc [] TXDGPC 0x87a0 0x87a0 Rc [] RXNFGPC 0x41b0 0x41b0 Rc [] SSVPC 0x8780 0x8780 Rc []
    }
}
