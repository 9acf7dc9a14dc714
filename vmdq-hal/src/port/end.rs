//! Turning VMDq off, and ending all DMA of a port.

use super::{Missing, Parts, Port, Quiesced, Ready, Reset, Vmdq, VmdqOn};
use crate::device::Model;
use crate::fault::Fault;
use crate::fmt::{event, warning};
use crate::platform::Platform;
use crate::refused::Refused;

impl<M: Model, P: Platform> Port<M, P, Vmdq> {
    /// Turns VMDq, receiver and transmitter off.
    ///
    /// Takes all resources back, so that none can be in use.
    ///
    /// # Errors
    ///
    /// [`Missing`] and everything that was passed, if something did not come back.
    pub fn disable(
        self,
        parts: Parts<M, P>,
    ) -> Result<Port<M, P, Ready>, Refused<Missing, (Self, Parts<M, P>)>> {
        if let Err(missing) = self.complete(&parts) {
            return Err(Refused::new(missing, (self, parts)));
        }
        self.model.disable(self.io());
        event!("{}: VMDq is off", self.model.limits().name);
        Ok(self.into_state())
    }
}

impl<M: Model, P: Platform, S> Port<M, P, S> {
    /// Ends all DMA of the port at once.
    ///
    /// Use it for a planned shutdown, when a pool can't be stopped on its own, or after a reset from outside.
    ///
    /// From the quiesced port [`Started::recover`](crate::Started::recover) gives the memory of pools
    /// back, and [`reset`](Port::reset) is the next step.
    ///
    /// # Errors
    ///
    /// [`Fault`] and the port, if the device is gone or does not report that it stopped; no memory may be
    /// freed then. If the platform knows better, see [`assume_quiesced`](Self::assume_quiesced).
    pub fn quiesce(self) -> Result<Port<M, P, Quiesced>, Refused<Fault, Self>>
    where
        S: VmdqOn,
    {
        match self.model.quiesce(self.io()) {
            Ok(()) => {
                event!("{}: quiesced", self.model.limits().name);
                Ok(self.into_state())
            }
            Err(fault) => {
                warning!("{}: not quiesced: {}", self.model.limits().name, fault);
                Err(Refused::new(fault, self))
            }
        }
    }

    /// Declares the port quiesced, on the platform's word.
    ///
    /// # Safety
    ///
    /// The device's DMA has ended and its writes in flight have completed: the function was removed, was reset
    /// or lost bus mastering, and stays so until [`Port::init`].
    pub unsafe fn assume_quiesced(self) -> Port<M, P, Quiesced>
    where
        S: VmdqOn,
    {
        event!("{}: quiesced, as the platform says", self.model.limits().name);
        self.into_state()
    }
}

impl<M: Model, P: Platform> Port<M, P, Quiesced> {
    /// Returns the port to the state before [`init`](Port::init), and takes all resources back.
    ///
    /// Only a reset lets the device move data again. A [`Plan`](super::Plan) that was taken before
    /// restores filters, default pool and interrupt routes.
    ///
    /// # Errors
    ///
    /// [`Missing`] and everything that was passed, if something did not come back.
    pub fn reset(
        self,
        parts: Parts<M, P>,
    ) -> Result<Port<M, P, Reset>, Refused<Missing, (Self, Parts<M, P>)>> {
        match self.complete(&parts) {
            Ok(()) => {
                event!("{}: to be reset", self.model.limits().name);
                Ok(self.into_state())
            }
            Err(missing) => Err(Refused::new(missing, (self, parts))),
        }
    }
}

impl<M: Model, P: Platform> Port<M, P, Ready> {
    /// Returns the port to the state before [`init`](Port::init).
    pub fn into_reset(self) -> Port<M, P, Reset> {
        self.into_state()
    }
}

impl<M: Model, P: Platform, S> Port<M, P, S> {
    fn complete(&self, parts: &Parts<M, P>) -> Result<(), Missing> {
        if parts.owner() == self.owner() {
            return parts.check();
        }
        let all = Parts::<M, P>::new(self.owner(), self.model.limits()).check();
        all.map_err(|missing| Missing { other_port: true, ..missing })
    }
}
