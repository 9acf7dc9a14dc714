//! The one list of models over which a suite runs that has its tests in several files.

/// Runs tests on each model, `file: test, test; file: ..`: each gets a bed with the model, or after `making` the
/// function that makes one, for tests that take several.
macro_rules! on_every_model {
    (making $($tests:tt)+) => { on_every_model! { @ () $($tests)+ } };
    (@ ($($call:tt)?) $($tests:tt)+) => {
        mod i82575 { on_model! { vmdq::igb::I82575, vmdq_sim::Sim::i82575 $($call)?, $($tests)+ } }
        mod i82576 { on_model! { vmdq::igb::I82576, vmdq_sim::Sim::i82576 $($call)?, $($tests)+ } }
        mod i82598 { on_model! { vmdq::ixgbe::I82598, vmdq_sim::Sim::i82598 $($call)?, $($tests)+ } }
    };
    ($($tests:tt)+) => { on_every_model! { @ (()) $($tests)+ } };
}

/// Runs tests on one model.
macro_rules! on_model {
    ($model:ty, $bed:expr, $($file:ident: $($test:ident),+;)+) => {
        $(mod $file {
            $(#[test]
            fn $test() {
                crate::$file::$test::<$model>($bed);
            })+
        })+
    };
}
