//! Starting and stopping a pool whose frames land in a virtual machine's buffers.

use super::header::Targeting;
use super::memory::TargetedSpace;
use super::ring::TargetedRing;
use crate::device::Model;
use crate::index::{PoolIndex, RingIndex};
use crate::owner::Owner;
use crate::platform::Platform;
use crate::pool::{Idle, Pool};
use crate::port::{Port, VmdqOn};
use crate::refused::Refused;
use crate::ring::{Frame, RingSource, RxProgress};
use crate::start::{NotStarted, ReceiveHalf, StartError, Started};
use crate::vmm::Vmm;

impl<M: Model, P: Platform, S> Port<M, P, S> {
    /// Starts a pool that receives into the buffers one virtual machine shares (paper section 3.7).
    ///
    /// `vmm` accesses and maps the machine's memory.
    ///
    /// # Errors
    ///
    /// As [`Port::start`].
    pub fn start_targeted<V: Vmm>(
        &self,
        pool: Pool<M, P, Idle>,
        rx: impl Into<TargetedSpace>,
        tx: impl RingSource,
        targeting: Targeting<M>,
        vmm: V,
    ) -> Result<Started<M, P, TargetedRing<P, V>>, Refused<StartError, NotStarted<M, P, TargetedSpace>>>
    where
        S: VmdqOn,
    {
        let (TargetedSpace { ring, entries }, tx) = (rx.into(), tx.into_space());
        if pool.owner() != self.owner() {
            let memory = Some((TargetedSpace { ring, entries }, tx));
            return Err(Refused::new(StartError::OtherPort, NotStarted { pool, memory }));
        }
        let most = pool.model.limits().largest_header;
        if targeting.units().is_some() && targeting.header_bytes() > most {
            let memory = Some((TargetedSpace { ring, entries }, tx));
            return Err(Refused::new(StartError::HeaderTooLarge { most }, NotStarted { pool, memory }));
        }
        match pool.prepare(ring, tx, targeting.size) {
            Ok((prepared, ring)) => {
                let rx = prepared.receive_ring(ring);
                prepared.launch(TargetedRing::new(rx, targeting, entries, vmm), targeting.units())
            }
            Err(refused) => Err(refused.map(|(pool, ring, tx)| NotStarted {
                pool,
                memory: Some((TargetedSpace { ring, entries }, tx)),
            })),
        }
    }
}

impl<P: Platform, V: Vmm> ReceiveHalf<P> for TargetedRing<P, V> {
    type Memory = TargetedSpace;

    fn belongs_to(&self) -> (Owner, PoolIndex) {
        self.rx.belongs_to()
    }

    fn ring(&self) -> RingIndex {
        self.rx.ring()
    }

    fn progress(&self) -> RxProgress {
        self.rx.progress()
    }

    fn seen(&mut self) -> &mut bool {
        &mut self.rx.seen
    }

    unsafe fn dismantle(self, freed: &mut impl FnMut(Frame)) -> TargetedSpace {
        let Self { rx, shares, vmm, .. } = self;
        // SAFETY: the caller's promise.
        let entries = unsafe { shares.unshare_all(&vmm, &rx.dma) };
        // SAFETY: the caller's promise. What comes of the slots are header frames.
        TargetedSpace { ring: unsafe { rx.dismantle(freed) }, entries }
    }
}
