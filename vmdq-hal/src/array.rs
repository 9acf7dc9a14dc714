//! Arrays whose length an implementor fixes, without generic constant expressions.

/// A `[T; N]` with `N` fixed by the implementor, so that `let [a, b, c, d] = queues;` compiles for
/// the right count alone.
pub trait Array<T>: IntoIterator<Item = T> + AsRef<[T]> + AsMut<[T]> {
    /// How many elements there are.
    const LEN: usize;

    /// Makes each element from its index.
    fn from_fn(make: impl FnMut(usize) -> T) -> Self;
}

impl<T, const N: usize> Array<T> for [T; N] {
    const LEN: usize = N;

    fn from_fn(make: impl FnMut(usize) -> T) -> Self {
        core::array::from_fn(make)
    }
}
