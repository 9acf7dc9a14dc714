//! Collections with one item for each pool, filter or vector of a controller.
//!
//! For a concrete model they are arrays, so that `let [a, b, c, d] = pools;` compiles for the right count
//! only. For a model that is chosen at run time they are [`Minted`]: each item is made when it is taken,
//! so that 64 pools don't pass over the stack.

use core::fmt;

/// An item that is made from its number and a seed.
pub trait Mint {
    /// The data that all items of a kind share.
    type Seed;

    /// Makes the item with number `index`.
    fn mint(seed: &Self::Seed, index: usize) -> Self;
}

/// A collection with one item for each number from 0.
pub trait Collection<T>: IntoIterator<Item = T> {
    /// Makes `count` items, numbered from 0.
    fn of(seed: T::Seed, count: usize) -> Self
    where
        T: Mint;
}

impl<T, const N: usize> Collection<T> for [T; N] {
    fn of(seed: T::Seed, count: usize) -> Self
    where
        T: Mint,
    {
        debug_assert_eq!(count, N, "a model has as many as its arrays hold");
        core::array::from_fn(|index| T::mint(&seed, index))
    }
}

/// Items that are made one after the other as they are taken, and are not stored.
#[must_use = "items that are not taken can't be used until the port is disabled"]
pub struct Minted<T: Mint> {
    seed: T::Seed,
    next: usize,
    count: usize,
}

impl<T: Mint> Iterator for Minted<T> {
    type Item = T;

    fn next(&mut self) -> Option<T> {
        let index = self.next;
        if index == self.count {
            return None;
        }
        self.next += 1;
        Some(T::mint(&self.seed, index))
    }

    fn size_hint(&self) -> (usize, Option<usize>) {
        let left = self.count - self.next;
        (left, Some(left))
    }
}

impl<T: Mint> ExactSizeIterator for Minted<T> {}
impl<T: Mint> core::iter::FusedIterator for Minted<T> {}

impl<T: Mint> Collection<T> for Minted<T> {
    fn of(seed: T::Seed, count: usize) -> Self {
        Self { seed, next: 0, count }
    }
}

impl<T: Mint> fmt::Debug for Minted<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Minted").field("next", &self.next).field("count", &self.count).finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[derive(PartialEq, Eq, Debug)]
    struct Numbered(&'static str, usize);

    impl Mint for Numbered {
        type Seed = &'static str;

        fn mint(seed: &&'static str, index: usize) -> Self {
            Self(seed, index)
        }
    }

    #[test]
    fn each_is_made_once() {
        let [a, b, c] = <[Numbered; 3]>::of("x", 3);
        let mut minted = Minted::<Numbered>::of("x", 3);
        assert_eq!(minted.len(), 3);
        assert_eq!([minted.next(), minted.next(), minted.next()], [Some(a), Some(b), Some(c)]);
        assert_eq!((minted.next(), minted.next()), (None, None));
    }
}
