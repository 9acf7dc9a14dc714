//! The generated registers against a second list, typed from `FACTS.md` and not from the table.

use std::any::type_name;

use igb_hal::regs::{self, Common, I350, I82575, I82576, PoolRegs, Regs};
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

/// Rows that hold for all devices of the family, which therefore are in `Common`, too.
macro_rules! every {
    ($($name:ident $first:literal $last:literal $kind:ident $fields:tt)*) => {
        $(
            row!(Common $name $first $last $kind $fields);
            row!(I82575 $name $first $last $kind $fields);
            row!(I82576 $name $first $last $kind $fields);
            row!(I350 $name $first $last $kind $fields);
        )*
    };
}

/// Rows that hold for the devices with pools.
macro_rules! pooled {
    ($($name:ident $first:literal $last:literal $kind:ident $fields:tt)*) => {
        $(
            row!(I82576 $name $first $last $kind $fields);
            row!(I350 $name $first $last $kind $fields);
        )*
    };
}

#[test]
fn general() {
    every! {
        CTRL 0x0000 0x0000 Rw [FD 0 1, GIO_MASTER_DISABLE 2 1, LRST 3 1, ASDE 5 1, SLU 6 1, ILOS 7 1, SPEED 8 2, FRCSPD 11 1, FRCDPX 12 1, SWDPIN0 18 1, SWDPIN1 19 1, ADVD3WUC 20 1, RST 26 1, RFCE 27 1, TFCE 28 1, VME 30 1, PHY_RST 31 1]
        STATUS 0x0008 0x0008 Ro [FD 0 1, LU 1 1, LAN_ID 2 2, TXOFF 4 1, SPEED 6 2, LAN_INIT_DONE 9 1, PHYRA 10 1, NUM_VFS 14 4, IOV_MODE 18 1, GIO_MASTER_ENABLE 19 1]
        EECD 0x0010 0x0010 Rw [SK 0 1, CS 1 1, DI 2 1, DO 3 1, REQ 6 1, GNT 7 1, PRES 8 1, AUTO_RD 9 1, SIZE_EX 11 4]
        EERD 0x0014 0x0014 Rw [START 0 1, DONE 1 1, ADDR 2 14, DATA 16 16]
        CTRL_EXT 0x0018 0x0018 Rw [ASDCHK 12 1, EE_RST 13 1, SPD_BYPS 15 1, RO_DIS 17 1, DMA_DYN_CLK 19 1, PHYPDEN 20 1, LINK_MODE 22 2, EXTENDED_VLAN 26 1, IAME 27 1, DRV_LOAD 28 1]
        MDIC 0x0020 0x0020 Rw [DATA 0 16, REG 16 5, PHY 21 5, OP 26 2, READY 28 1, INT_EN 29 1, ERROR 30 1, DEST 31 1]
        SCTL 0x0024 0x0024 Rw []
        FCAL 0x0028 0x0028 Rw []
        FCAH 0x002c 0x002c Rw []
        FCT 0x0030 0x0030 Rw []
        CONNSW 0x0034 0x0034 Rw []
        VET 0x0038 0x0038 Rw [VET 0 16, VET_EXT 16 16]
        FCTTV 0x0170 0x0170 Rw []
        EEMNGCTL 0x1010 0x1010 Rw [CFG_DONE_0 18 1, CFG_DONE_3 21 1]
        FCRTL 0x2160 0x2160 Rw [XONE 31 1]
        FCRTH 0x2168 0x2168 Rw []
        FCRTV 0x2460 0x2460 Rw []
        PCS_LCTL 0x4208 0x4208 Rw []
        PCS_LSTAT 0x420c 0x420c Ro []
        WUC 0x5800 0x5800 Rw []
        WUFC 0x5808 0x5808 Rw []
        MANC 0x5820 0x5820 Rw [SMBUS_EN 0 1, ASF_EN 1 1, ARP_EN 13 1, RCV_TCO_EN 17 1, BLK_PHY_RST 18 1, MAC_FILTER_EN 20 1, EN_MNG2HOST 21 1, EN_BMC2OS 28 1]
        GCR 0x5b00 0x5b00 Rw [CMPL_TMOUT 12 4, CMPL_TMOUT_RESEND 16 1, CAP_VER2 18 1]
        FACTPS 0x5b30 0x5b30 Rw []
        SWSM 0x5b50 0x5b50 Rw [SMBI 0 1, SWESMBI 1 1]
        FWSM 0x5b54 0x5b54 Ro []
        SW_FW_SYNC 0x5b5c 0x5b5c Rw [SW_EEP 0 1, SW_PHY0 1 1, SW_PHY1 2 1, SW_CSR 3 1, SW_PHY2 5 1, SW_PHY3 6 1, SW_MNG 10 1]
        PBACLR 0x5b68 0x5b68 W1c []
        DCA_CTRL 0x5b74 0x5b74 Rw [DCA_DIS 0 1]
    }
    on! { I82575: PBA 0x1000 0x1000 Rw [RXA 0 16, TXA 16 16] }
    on! { I350: MDICNFG 0x0e04 0x0e04 Rw [COM_MDIO 30 1, EXT_MDIO 31 1] }
    pooled! {
        RXPBS 0x2404 0x2404 Rw []
        TXPBS 0x3404 0x3404 Rw []
    }
    own! { I82575: CTRL_EXT_NSICR 0 1 CTRL_EXT_EIAME 24 1 CTRL_EXT_PBA_CLR 31 1 }
    own! { I82576: CTRL_EXT_PFRSTD 14 1 RXPBS_RXPBS 0 7 }
    own! { I350: CTRL_EXT_PFRSTD 14 1 RXPBS_RXPBS 0 4 CTRL_DEV_RST 29 1 STATUS_DEV_RST_SET 20 1 STATUS_PF_RST_DONE 21 1 SW_FW_SYNC_SW_MB 8 1 }
}

#[test]
fn interrupts() {
    every! {
        ICR 0x00c0 0x00c0 Rc [TXDW 0 1, TXQE 1 1, LSC 2 1, RXSEQ 3 1, RXDMT0 4 1, RXO 6 1, RXDW 7 1, RXCFG 10 1, GPI0 11 1, GPI3 14 1, MNG 18 1, TS 19 1, FER 22 1, NFER 23 1, CSRTO 24 1, SW_WD 26 1, DOUTSYNC 28 1, DRSTA 30 1, INT_ASSERTED 31 1]
        ICS 0x00c8 0x00c8 Wo []
        IMS 0x00d0 0x00d0 W1s []
        IMC 0x00d8 0x00d8 Wo []
        IAM 0x00e0 0x00e0 Rw []
        EICS 0x1520 0x1520 Wo []
        EIMS 0x1524 0x1524 W1s []
        EIMC 0x1528 0x1528 Wo []
        EIAC 0x152c 0x152c Rw []
        EIAM 0x1530 0x1530 Rw []
        EICR 0x1580 0x1580 W1c [TCP_TIMER 30 1, OTHER 31 1]
    }
    on! { I82575:
        MSIXBM 0x1600 0x1624 Rw []
        EITR 0x1680 0x16a4 Rw [INTERVAL 2 13]
    }
    on! { I82576:
        EITR 0x1680 0x16e0 Rw []
        IVAR 0x1700 0x171c Rw [INT_ALLOC0 0 5, INT_ALLOC_VAL0 7 1, INT_ALLOC1 8 5, INT_ALLOC_VAL1 15 1, INT_ALLOC2 16 5, INT_ALLOC_VAL2 23 1, INT_ALLOC3 24 5, INT_ALLOC_VAL3 31 1]
    }
    on! { I350: IVAR 0x1700 0x170c Rw [] }
    pooled! {
        GPIE 0x1514 0x1514 Rw [NSICR 0 1, MULTIPLE_MSIX 4 1, LL_INTERVAL 7 5, EIAME 30 1, PBA_SUPPORT 31 1]
        IVAR_MISC 0x1740 0x1740 Rw [INT_ALLOC_VAL1 15 1]
    }
    own! { I82575: EICR_RXQ 0 4 EICR_TXQ 8 4 }
    own! { I82576: EICR_MSIX 0 25 EITR_CNT_IGNR 31 1 ICR_VMMB 8 1 }
}

#[test]
fn receive_filters() {
    every! {
        RCTL 0x0100 0x0100 Rw [RXEN 1 1, SBP 2 1, UPE 3 1, MPE 4 1, LPE 5 1, LBM 6 2, DTYP 10 2, MO 12 2, BAM 15 1, BSIZE 16 2, VFE 18 1, CFIEN 19 1, CFI 20 1, DPF 22 1, PMCF 23 1, BSEX 25 1, SECRC 26 1]
        RXCSUM 0x5000 0x5000 Rw [PCSS 0 8, IPOFL 8 1, TUOFL 9 1, IPPCSE 12 1, PCSD 13 1]
        RLPML 0x5004 0x5004 Rw [RLPML 0 14]
        RFCTL 0x5008 0x5008 Rw [NFSW_DIS 6 1, NFSR_DIS 7 1, ACK_DIS 12 1, EXTEN 15 1, IPV6_EX_DIS 16 1, NEW_IPV6_EXT_DIS 17 1, LEF 18 1]
        MTA 0x5200 0x53fc Rw []
        VFTA 0x5600 0x57fc Rw []
        MRQC 0x5818 0x5818 Rw [MRQE 0 3, TCP_IPV4 16 1, IPV4 17 1, TCP_IPV6_EX 18 1, IPV6_EX 19 1, IPV6 20 1, TCP_IPV6 21 1, UDP_IPV4 22 1, UDP_IPV6 23 1, UDP_IPV6_EX 24 1]
        VT_CTL 0x581c 0x581c Rw []
        RETA 0x5c00 0x5c7c Rw []
        RSSRK 0x5c80 0x5ca4 Rw []
        ETQF 0x5cb0 0x5ccc Rw [ETYPE 0 16, QUEUE 16 3, EN 26 1, IMM_INT 29 1, TS1588 30 1, QUEUE_EN 31 1]
    }
    on! { I82575:
        RAL 0x5400 0x5478 Rw [RAL 0 32]
        RAH 0x5404 0x547c Rw [RAH 0 16, ASEL 16 2, AV 31 1]
        PSRTYPE 0x5480 0x548c Rw [PSR_TYPE0 0 1, PSR_TYPE1 1 1, PSR_TYPE2 2 1, PSR_TYPE3 3 1, PSR_TYPE4 4 1, PSR_TYPE5 5 1, PSR_TYPE6 6 1, PSR_TYPE7 7 1, PSR_TYPE8 8 1, PSR_TYPE9 9 1]
        VFQA0 0xb000 0xb1fc Rw []
        VFQA1 0xb200 0xb3fc Rw []
    }
    on! { I82576: RAL 0x5400 0x5518 Rw [] RAH 0x5404 0x551c Rw [] }
    on! { I350: RAL 0x5400 0x5558 Rw [] RAH 0x5404 0x555c Rw [] }
    // The seam between the two windows.
    assert_eq!(I82576::RAL.at(15).offset().bytes(), 0x5478);
    assert_eq!(I82576::RAL.at(16).offset().bytes(), 0x54e0);
    assert_eq!(I350::RAH.at(16).offset().bytes(), 0x54e4);
    own! { I82575: RAH_QSEL 18 2 }
    own! { I82576: RAH_POOLSEL 18 8 }
    own! { I350: RAH_POOLSEL 18 8 }
    assert_eq!(regs::MRQC::MRQE::VMDQ.value, 3);
    assert_eq!(regs::MRQC::MRQE::RSS.value, 2);
    assert_eq!(I82575::MRQC_MRQE_VMDQ_VLAN.value, 4);
    assert_eq!(I82575::MRQC_MRQE_VMDQ_RSS.value, 5);
    assert_eq!(I82575::MRQC_MRQE_VMDQ_VLAN_RSS.value, 6);
    assert_eq!(I82576::MRQC_MRQE_VMDQ_RSS.value, 5);
}

#[test]
fn pools() {
    pooled! {
        PSRTYPE 0x5480 0x549c Rw []
        RPLPSRTYPE 0x54c0 0x54c0 Rw []
        UTA 0xa000 0xa1fc Rw []
        VLVF 0x5d00 0x5d7c Rw [VLAN_ID 0 12, POOLSEL 12 8, LVLAN 20 1, VI_EN 31 1]
        VMOLR 0x5ad0 0x5aec Rw [RLPML 0 14, LPE 16 1, RSSE 17 1, AUPE 24 1, ROMPE 25 1, ROPE 26 1, BAM 27 1, MPME 28 1, UPE 29 1, STRCRC 31 1]
        QDE 0x2408 0x2408 Rw []
        VFRE 0x0c8c 0x0c8c Rw [VFRE 0 8]
        VFTE 0x0c90 0x0c90 Rw [VFTE 0 8]
        VMVIR 0x3700 0x371c Rw [PORT_VLAN_ID 0 16, VLANA 30 2]
        VMRCTL 0x5d80 0x5d8c Rw [VPME 0 1, UPME 1 1, DPME 2 1, MP 8 3]
        VMRVLAN 0x5d90 0x5d9c Rw []
        VMRVM 0x5da0 0x5dac Rw []
        SCCRL 0x5db0 0x5db0 Rw []
        BSCTRH 0x5db8 0x5db8 Rw []
        MSCTRH 0x5dbc 0x5dbc Rw []
        WVBR 0x3554 0x3554 Rc [WVBR 0 16]
        DTXMXSZRQ 0x3540 0x3540 Rw []
    }
    on! { I82576:
        RPLOLR 0x5af0 0x5af0 Rw [STRVLAN 30 1, STRCRC 31 1]
        DTXSWC 0x3500 0x3500 Rw [MAC_SPOOF 0 8, VLAN_SPOOF 8 8, LLE 16 8, VMDQ_LOOPBACK_EN 31 1]
        DTXCTL 0x3590 0x3590 Rw [LL8023 2 1, VLAN_ADDED 3 1, OOS_EN 4 1, MDP_EN 5 1, SPOOF_INT 6 1]
    }
    on! { I350:
        DVMOLR 0xc038 0xc1f8 Rw [HIDVLAN 29 1, STRVLAN 30 1, STRCRC 31 1]
        TXSWC 0x5acc 0x5acc Rw []
        LVMMC 0x3548 0x3548 Rw []
        MDFB 0x3558 0x3558 Rw []
    }
    own! { I82576: VT_CTL_DEF_PL 7 3 VT_CTL_IGMAC 28 1 VT_CTL_DIS_DEF_POOL 29 1 VT_CTL_RPL_EN 30 1 VMOLR_STRVLAN 30 1 QDE_QDE 0 16 }
    own! { I350: VT_CTL_DEF_PL 7 3 VT_CTL_DIS_DEF_POOL 29 1 VT_CTL_RPL_EN 30 1 VMOLR_VPE 23 1 }
}

#[test]
fn rings() {
    on! { I82575:
        RDBAL 0x2800 0x2b00 Dma [RDBAL 7 25]
        RDBAH 0x2804 0x2b04 Dma []
        RDLEN 0x2808 0x2b08 Dma [LEN 7 13]
        SRRCTL 0x280c 0x2b0c Dma [BSIZEPACKET 0 7, BSIZEHEADER 8 4, RDMTS 20 5, DESCTYPE 25 3, DROP_EN 31 1]
        RDH 0x2810 0x2b10 Dma [RDH 0 16]
        RXCTL 0x2814 0x2b14 Rw [RX_DESC_DCA_EN 5 1, RX_HEAD_DCA_EN 6 1, RX_DATA_DCA_EN 7 1, RX_DESC_RRO_EN 9 1]
        RDT 0x2818 0x2b18 Dma [RDT 0 16]
        RXDCTL 0x2828 0x2b28 Dma [PTHRESH 0 5, HTHRESH 8 5, WTHRESH 16 5, ENABLE 25 1, SWFLSH 26 1]
        RQDPC 0x2830 0x2b30 Rc []
        TDBAL 0x3800 0x3b00 Dma [TDBAL 7 25]
        TDBAH 0x3804 0x3b04 Dma []
        TDLEN 0x3808 0x3b08 Dma [LEN 7 13]
        TDH 0x3810 0x3b10 Dma [TDH 0 16]
        TXCTL 0x3814 0x3b14 Rw [TX_DESC_DCA_EN 5 1, TX_DESC_RRO_EN 9 1, TX_WB_RO_EN 11 1, TX_DATA_RRO_EN 13 1]
        TDT 0x3818 0x3b18 Dma [TDT 0 16]
        TXDCTL 0x3828 0x3b28 Dma [PTHRESH 0 5, HTHRESH 8 5, WTHRESH 16 5, ENABLE 25 1, SWFLSH 26 1, PRIORITY 27 1]
        TDWBAL 0x3838 0x3b38 Dma [HEAD_WB_EN 0 1, HEADWB_LOW 2 30]
        TDWBAH 0x383c 0x3b3c Dma []
    }
    on! { I82576:
        RDBAL 0xc000 0xc3c0 Dma []
        RDBAH 0xc004 0xc3c4 Dma []
        RDLEN 0xc008 0xc3c8 Dma []
        SRRCTL 0xc00c 0xc3cc Dma []
        RDH 0xc010 0xc3d0 Dma []
        RXCTL 0xc014 0xc3d4 Rw []
        RDT 0xc018 0xc3d8 Dma []
        RXDCTL 0xc028 0xc3e8 Dma []
        RQDPC 0xc030 0xc3f0 Rc []
        TDBAL 0xe000 0xe3c0 Dma []
        TDBAH 0xe004 0xe3c4 Dma []
        TDLEN 0xe008 0xe3c8 Dma []
        TDH 0xe010 0xe3d0 Dma []
        TXCTL 0xe014 0xe3d4 Rw []
        TDT 0xe018 0xe3d8 Dma []
        TXDCTL 0xe028 0xe3e8 Dma []
        TDWBAL 0xe038 0xe3f8 Dma []
        TDWBAH 0xe03c 0xe3fc Dma []
    }
    on! { I350:
        RDBAL 0xc000 0xc1c0 Dma []
        SRRCTL 0xc00c 0xc1cc Dma []
        RDT 0xc018 0xc1d8 Dma []
        RXDCTL 0xc028 0xc1e8 Dma []
        TDBAL 0xe000 0xe1c0 Dma []
        TDT 0xe018 0xe1d8 Dma []
        TXDCTL 0xe028 0xe1e8 Dma []
        TDWBAH 0xe03c 0xe1fc Dma []
    }
    every! {
        TCTL 0x0400 0x0400 Rw [EN 1 1, PSP 3 1, CT 4 8, COLD 12 10, RTLC 24 1, MULR 28 1]
        TCTL_EXT 0x0404 0x0404 Rw [COLD 10 10]
        TIPG 0x0410 0x0410 Rw [IPGT 0 10, IPGR1 10 10, IPGR2 20 10]
    }
    own! { I82575: RXCTL_CPUID 0 5 TXCTL_CPUID 0 5 TDWBAL_SEQNUM_WB_EN 1 1 }
    own! { I82576: RXCTL_CPUID 24 8 TXCTL_CPUID 24 8 }
    own! { I350: SRRCTL_TIMESTAMP 30 1 }
    use regs::SRRCTL::DESCTYPE;
    let types = [
        DESCTYPE::LEGACY,
        DESCTYPE::ADV_ONEBUF,
        DESCTYPE::HDR_SPLIT,
        DESCTYPE::HDR_REPLICATION,
        DESCTYPE::HDR_REPLICATION_LARGE_PKT,
        DESCTYPE::HDR_SPLIT_ALWAYS,
    ];
    assert_eq!(types.map(|t| t.value >> 25), [0, 1, 2, 3, 4, 5]);
}

#[test]
fn words() {
    use regs::{BMCR, RX_WB_STATUS as RX};
    let bits =
        [RX::DD, RX::EOP, RX::VP, RX::HBO, RX::CE, RX::SE, RX::SEQ, RX::CXE, RX::L4E, RX::IPE, RX::RXE];
    assert_eq!(
        bits.map(|bit| (bit.shift, bit.mask)),
        [0, 1, 3, 23, 24, 25, 26, 28, 29, 30, 31].map(|at| (at, 1))
    );
    assert_eq!((BMCR::RESTART_AUTONEG::SET + BMCR::AUTONEG_ENABLE::SET).value, 0x1200);
}

/// What families share is at the same place as the device's own.
#[test]
fn shared() {
    macro_rules! same {
        ($($device:ident)*: $names:tt) => { $(same!(@ $device $names);)* };
        (@ $device:ident [$($name:ident)*]) => { $(
            assert_eq!(
                <$device as vmdq_hal::device::SharedRegs>::$name.place(), <$device as Regs>::$name.place(), "{}", stringify!($device $name)
            );
        )* };
    }
    same! { I82575 I82576 I350: [
        CTRL STATUS EIMS EIMC RAL RAH MTA VFTA RDBAL RDBAH RDLEN RDH RDT SRRCTL RXDCTL
        TDBAL TDBAH TDLEN TDH TDT TXDCTL CRCERRS ROC RUC
    ] }
}

#[test]
fn statistics() {
    every! {
        CRCERRS 0x4000 0x4000 Rc [] ALGNERRC 0x4004 0x4004 Rc [] SYMERRS 0x4008 0x4008 Rc [] RXERRC 0x400c 0x400c Rc []
        MPC 0x4010 0x4010 Rc [] RLEC 0x4040 0x4040 Rc []
        PRC64 0x405c 0x405c Rc [] PRC127 0x4060 0x4060 Rc [] PRC255 0x4064 0x4064 Rc []
        PRC511 0x4068 0x4068 Rc [] PRC1023 0x406c 0x406c Rc [] PRC1522 0x4070 0x4070 Rc []
        GPRC 0x4074 0x4074 Rc [] BPRC 0x4078 0x4078 Rc [] MPRC 0x407c 0x407c Rc [] GPTC 0x4080 0x4080 Rc []
        GORCL 0x4088 0x4088 Rc [] GORCH 0x408c 0x408c Rc [] GOTCL 0x4090 0x4090 Rc [] GOTCH 0x4094 0x4094 Rc []
        RNBC 0x40a0 0x40a0 Rc [] RUC 0x40a4 0x40a4 Rc [] RFC 0x40a8 0x40a8 Rc [] ROC 0x40ac 0x40ac Rc [] RJC 0x40b0 0x40b0 Rc []
        TORL 0x40c0 0x40c0 Rc [] TORH 0x40c4 0x40c4 Rc [] TOTL 0x40c8 0x40c8 Rc [] TOTH 0x40cc 0x40cc Rc []
        TPR 0x40d0 0x40d0 Rc [] TPT 0x40d4 0x40d4 Rc []
        PTC64 0x40d8 0x40d8 Rc [] PTC127 0x40dc 0x40dc Rc [] PTC255 0x40e0 0x40e0 Rc []
        PTC511 0x40e4 0x40e4 Rc [] PTC1023 0x40e8 0x40e8 Rc [] PTC1522 0x40ec 0x40ec Rc []
        MPTC 0x40f0 0x40f0 Rc [] BPTC 0x40f4 0x40f4 Rc [] TSCTC 0x40f8 0x40f8 Rc []
        IAC 0x4100 0x4100 Rc [] RPTHC 0x4104 0x4104 Rc [] HGPTC 0x4118 0x4118 Rc []
        HGORC 0x4128 0x4128 Rc [] HGOTC 0x4130 0x4130 Rc [] LENERRS 0x4138 0x4138 Rc [] SSVPC 0x41a0 0x41a0 Rc []
    }
    pooled! {
        PFVFGPRC 0x10010 0x10710 Ro []
        PFVFGPTC 0x10014 0x10714 Ro []
        PFVFGORC 0x10018 0x10718 Ro []
        PFVFGOTC 0x10034 0x10734 Ro []
        PFVFMPRC 0x1003c 0x1073c Ro []
        PFVFGPRLBC 0x10040 0x10740 Ro []
        PFVFGPTLBC 0x10044 0x10744 Ro []
        PFVFGORLBC 0x10048 0x10748 Ro []
        PFVFGOTLBC 0x10050 0x10750 Ro []
    }
}
